import type { ToolReport } from '@mailwarden/catalogue';

/** Sizes as the programs write them, counted in powers of 1024. Source: journalctl(1). */
const NUMBER = /^\s*(\d{1,15}(?:\.\d{1,3})?)\s?([BKMGT]?)/;
const POWER: Readonly<Record<string, number>> = { '': 0, B: 0, K: 1, M: 2, G: 3, T: 4 };
/** Such tools round what they print. */
const BYTES_APART_PERCENT = 5;

export interface Told {
  readonly of: 'items' | 'bytes';
  readonly amount: number;
}

/** What a tool says that it did; null where it says nothing in the declared form. */
export function toldBy(output: string, report: ToolReport | null): Told | null {
  if (report === null) return null;
  if (report.by === 'lines') return { of: 'items', amount: output.split('\n').filter((line) => line.trimEnd().endsWith(report.ending)).length };
  const numbers = output.split(report.after).slice(1).map((rest) => NUMBER.exec(rest));
  if (numbers.length === 0 || numbers.includes(null)) return null;
  return { of: report.of, amount: numbers.reduce((sum, found) => sum + Number(found?.[1]) * 1024 ** (POWER[found?.[2] ?? ''] ?? 0), 0) };
}

/** What is wrong with what a tool told of all of its runs, in words; nothing when it is what was measured. The measurement counts either way. */
export function contradiction(program: string, report: ToolReport | null, { told, measured }: { readonly told: number; readonly measured: number }): string[] {
  const bytes = report?.by === 'number' && report.of === 'bytes';
  const isNear = bytes ? Math.abs(told - measured) * 100 <= BYTES_APART_PERCENT * Math.max(told, measured) : told === measured;
  return isNear ? [] : [`${program} told of ${Math.round(told)} ${bytes ? 'bytes' : 'items'}; ${measured} were measured, which is what counts here`];
}
