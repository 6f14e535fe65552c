import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';

/** One side of a comparison. `prepare` is not timed. Returns what it found, so that both sides can be seen to have done the same work. */
export interface Side {
  readonly name: string;
  readonly prepare?: () => void;
  readonly run: () => { readonly work: string; readonly peakMiB: number | null; readonly ms?: number };
}

export interface Figures {
  readonly name: string;
  readonly minMs: number;
  readonly medianMs: number;
  readonly maxMs: number;
  readonly peakMiB: number | null;
  /** Of the medians, to the first side. */
  readonly ratio: number;
}

const ROUNDS = 5;
const RESULTS = join(import.meta.dirname, 'results');

/** What the figures were taken on; absolute figures mean little without it. */
export const machine = (): Record<string, unknown> => ({ cpus: cpus().length, model: cpus()[0]?.model.trim() ?? 'unknown', memoryGiB: Math.round(totalmem() / 2 ** 30), kernel: release(), arch: arch(), node: process.version });

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/**
 * Runs all sides in turn, round after round, so that whatever disturbs the machine disturbs all of them.
 * Errors: throws when two sides did not do the same work.
 */
export function compare(bench: string, sides: readonly Side[], rounds = ROUNDS): Figures[] {
  const times = sides.map((): number[] => []);
  const peaks = sides.map((): number | null => null);
  for (let round = 0; round < rounds; round += 1) {
    const found = sides.map((side, index) => {
      side.prepare?.();
      const startedAt = process.hrtime.bigint();
      const { work, peakMiB, ms } = side.run();
      times[index]?.push(ms ?? Number(process.hrtime.bigint() - startedAt) / 1e6);
      if (peakMiB !== null) peaks[index] = Math.max(peaks[index] ?? 0, peakMiB);
      return work;
    });
    const odd = found.find((work) => work !== found[0]);
    if (odd !== undefined) throw new Error(`${bench}: the sides did not do the same work: ${found.join(' | ')}`);
  }
  const first = median(times[0] ?? []);
  return sides.map(({ name }, index) => {
    const own = times[index] ?? [];
    return { name, minMs: Math.min(...own), medianMs: median(own), maxMs: Math.max(...own), peakMiB: peaks[index] ?? null, ratio: median(own) / first };
  });
}

/** Prints the figures of one bench and keeps them, so that a change shows in review. */
export function report(bench: string, what: string, goal: string, figures: readonly Figures[]): void {
  console.log(`\n${bench}: ${what}`);
  const width = Math.max(...figures.map(({ name }) => name.length));
  for (const { name, minMs, medianMs, maxMs, peakMiB, ratio } of figures) {
    console.log(`  ${name.padEnd(width)}  ${medianMs.toFixed(0).padStart(7)} ms  (${minMs.toFixed(0)} to ${maxMs.toFixed(0)})  ${ratio.toFixed(2)}x${peakMiB === null ? '' : `  peak ${peakMiB.toFixed(0)} MiB`}`);
  }
  console.log(`  goal: ${goal}`);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${bench}.json`), `${JSON.stringify({ bench, what, goal, machine: machine(), figures }, null, 2)}\n`);
}

/** One figure that is no time of a side. `ratio` is to the first of its kind. */
export interface Value {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
}

/** Prints such figures and keeps them. */
export function reportValues(bench: string, what: string, goal: string, values: readonly Value[]): void {
  console.log(`\n${bench}: ${what}`);
  const width = Math.max(...values.map(({ name }) => name.length));
  for (const { name, value, unit, ratio } of values) console.log(`  ${name.padEnd(width)}  ${value.toFixed(2).padStart(8)} ${unit}${ratio === undefined ? '' : `  ${ratio.toFixed(2)}x`}`);
  console.log(`  goal: ${goal}`);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${bench}.json`), `${JSON.stringify({ bench, what, goal, machine: machine(), values }, null, 2)}\n`);
}

const TIME = '/usr/bin/time';
const OUTPUT_BYTES_MAX = 512 * 2 ** 20;

/** Runs a program whole. Peak memory comes from GNU time where it is installed, else it is not known. Errors: throws when the program fails. */
export function runProgram(command: readonly string[], env: NodeJS.ProcessEnv = process.env): { stdout: string; peakMiB: number | null } {
  const timed = existsSync(TIME) ? [TIME, '-f', '%M', ...command] : command;
  const { status, stdout, stderr } = spawnSync(timed[0] ?? '', timed.slice(1), { encoding: 'latin1', maxBuffer: OUTPUT_BYTES_MAX, env });
  if (status !== 0) throw new Error(`${command[0] ?? ''} failed: ${stderr.slice(-400)}`);
  const kib = timed === command ? null : Number(stderr.trim().split('\n').at(-1));
  return { stdout, peakMiB: kib === null || Number.isNaN(kib) ? null : kib / 1024 };
}
