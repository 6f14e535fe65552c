import type { StatementRow } from '@mailwarden/contracts';
import type { Measured } from '@mailwarden/kernel';

type Limit = StatementRow['limits'][number];

/** How a store stands against one limit that counts. Units: those of the limit's kind; places on the bar in percent of its length. */
export interface LimitBarScale {
  readonly limit: Limit;
  readonly value: number;
  readonly percentOfLimit: number;
  readonly over: boolean;
  readonly fillPercent: number;
  readonly limitPercent: number;
  /** Where a rotation stops, where a policy says so. */
  readonly targetPercent: number | null;
  readonly target: number | null;
}

const percent = (part: number, whole: number): number => Math.min(100, Math.max(0, (100 * part) / whole));

/** The bar is as long as the limit or what is stored, whichever is more. */
export function limitBarScale(limit: Limit, value: number): LimitBarScale {
  const { target } = limit;
  const whole = Math.max(limit.value, value, 1);
  return {
    limit,
    value,
    over: value > limit.value,
    percentOfLimit: limit.value === 0 ? (value === 0 ? 0 : Number.POSITIVE_INFINITY) : (100 * value) / limit.value,
    fillPercent: percent(value, whole),
    limitPercent: percent(limit.value, whole),
    targetPercent: target === null ? null : percent(target, whole),
    target,
  };
}

const known = (of: Measured<number>): number | null => (of.known ? of.value : null);

/** What was measured in the unit of a limit, as the assessment compares it: allocated bytes, rows before entries. Null when it is not known or does not apply. */
export function measuredAgainst({ measured }: StatementRow, kind: Limit['kind'], nowMs: number): number | null {
  switch (kind) {
    case 'bytes':
      return known(measured.bytesAllocated);
    case 'records':
      return known(measured.records ?? measured.items);
    case 'inodes':
      return known(measured.items);
    case 'age':
      return measured.oldestAt.known ? (measured.oldestAt.value === null ? 0 : Math.max(0, (nowMs - Date.parse(measured.oldestAt.value)) / 1000)) : null;
    case 'free-space':
      return null;
  }
}

/** The bars of a row: one for each limit that counts and that something was measured for. */
export const limitBars = (row: StatementRow, nowMs: number): LimitBarScale[] =>
  row.limits
    .filter((limit) => limit.used)
    .flatMap((limit) => {
      const value = measuredAgainst(row, limit.kind, nowMs);
      return value === null ? [] : [limitBarScale(limit, value)];
    });

/** `131 %`; below a hundredth it says so instead of nothing. */
export function percentWords(value: number): string {
  if (!Number.isFinite(value)) return 'over';
  if (value > 0 && value < 1) return 'under 1 %';
  // Rounded down below the limit and up above it, so that 99.7 % never reads as full nor 100.2 % as in order.
  return `${value > 100 ? Math.ceil(value) : Math.floor(value)} %`;
}
