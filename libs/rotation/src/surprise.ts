import { deletedInAll, type Receipt } from '@mailwarden/contracts';
import type { Amount } from './bounds.js';

/** Receipts that a policy's pace is known by. Fewer say nothing. */
export const PACE_RECEIPTS_MIN = 5;
/** Smaller differences are what arrived between the look and the deed. Units: items, bytes. */
const FORETOLD_SLACK: Amount = { items: 100, bytes: 16 * 1024 * 1024 };
/** A short order is mostly its own start. Units: milliseconds. */
const SLOW_MS_MIN = 5_000;

/** What a receipt is held against. */
export interface Expectation {
  /** No more than this was foretold when the order was made; null where nobody foretold. */
  readonly foretold: Amount | null;
  /** Of the policy's receipts before; null where there are too few. Units: milliseconds for one item. */
  readonly medianItemMs: number | null;
  readonly stopOn: { readonly skippedPercent: number; readonly deletedPercent: number; readonly slowerTimes: number };
}

/** Time that one item took, by the clock that nobody sets; null where nothing was deleted. Units: milliseconds. */
export const itemMsOf = ({ clock, deleted }: Pick<Receipt, 'clock' | 'deleted'>): number | null => (deleted.items === 0 ? null : clock.monotonicMs / deleted.items);

const isWell = (outcome: Receipt['outcome']): boolean => outcome !== 'refused' && outcome !== 'stopped' && outcome !== 'failed';
/** True for a receipt that counts among the failures of its policy. What came too late is no failure: nothing was tried. */
export const isFailure = ({ outcome, finishedAt }: Pick<Receipt, 'outcome' | 'finishedAt'>, expiresAt: string): boolean => !isWell(outcome) && !(outcome === 'refused' && finishedAt > expiresAt);

function deletedMore(deleted: Amount, foretold: Amount, percent: number): boolean {
  const above = (what: keyof Amount): boolean => deleted[what] > (foretold[what] * percent) / 100 && deleted[what] > foretold[what] + FORETOLD_SLACK[what];
  return above('items') || above('bytes');
}

/** Why a receipt surprises, in words; null when it is as was to be expected. Only orders that deleted are held against it. */
export function surpriseOf(receipt: Pick<Receipt, 'outcome' | 'planned' | 'deleted' | 'orphans' | 'clock'>, { foretold, medianItemMs, stopOn }: Expectation): string | null {
  const { outcome, planned, deleted, clock } = receipt;
  if (outcome !== 'completed') return null;
  const skippedPercent = planned.items === 0 ? 0 : (100 * (planned.items - deleted.items)) / planned.items;
  if (skippedPercent > stopOn.skippedPercent) return `${skippedPercent.toFixed(1)} % of what was planned was skipped; the policy permits ${stopOn.skippedPercent} %`;
  const all = deletedInAll(receipt);
  if (foretold !== null && deletedMore(all, foretold, stopOn.deletedPercent)) return `${all.items} items (${all.bytes} bytes) were deleted where ${foretold.items} (${foretold.bytes}) were foretold; the policy permits ${stopOn.deletedPercent} % of that`;
  const itemMs = itemMsOf(receipt);
  if (itemMs !== null && medianItemMs !== null && clock.monotonicMs >= SLOW_MS_MIN && itemMs > medianItemMs * stopOn.slowerTimes) return `an item took ${itemMs.toFixed(2)} ms where ${medianItemMs.toFixed(2)} ms were usual; the policy permits ${stopOn.slowerTimes} times that`;
  return null;
}
