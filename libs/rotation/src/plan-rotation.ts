import type { SkipReason } from '@mailwarden/contracts';
import { orderOf } from './age-order.js';
import type { RotationPlan, RotationRules } from './rotation-plan.js';
import { Selection } from './selection.js';

/** Items of one store, as columns, so that a million of them cost little. Units: allocated bytes, milliseconds since 1970. */
export interface StoreItems {
  readonly bytes: Float64Array;
  /** By the order's clock; NaN where the item has no such moment: it is never taken. */
  readonly atMs: Float64Array;
  /** Another moment that a hold may mean, as what a file says of itself beside what its file system says. */
  readonly otherMs?: Float64Array;
  /** Why an item may not go, whatever the limits say; null where it may. */
  readonly blocked: readonly (SkipReason | null)[];
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

const momentOrNull = (atMs: number | undefined): number | null => (atMs === undefined || Number.isNaN(atMs) ? null : atMs);

/** How many items have a moment, blocked ones too; those without one come last. */
const datedIn = ({ atMs }: StoreItems, order: Uint32Array): number => order.findLastIndex((place) => !Number.isNaN(atMs[place] ?? Number.NaN)) + 1;

/**
 * Chooses what goes, oldest first, until every limit that is passed is back at its low watermark; `Selection` does the same for a store that does not fit into memory.
 * Safety: held, newest, young and blocked items never go; above a bound, or by a clock that cannot be believed, nothing does.
 */
export function planRotation(items: StoreItems, rules: RotationRules): RotationPlan {
  const order = orderOf(items.atMs);
  const dated = datedIn(items, order);
  const totals = { items: order.length, dated, bytes: sum(items.bytes), oldestMs: momentOrNull(items.atMs[order[0] ?? -1]), newestMs: momentOrNull(items.atMs[order[dated - 1] ?? -1]) };
  const selection = new Selection(totals, rules);
  const selected = selection.take({ ...items, blockedBy: (place) => items.blocked[place] ?? null }, order);
  return { ...selection.plan(), selected };
}
