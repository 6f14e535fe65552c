import type { Bounds, Hold, SkipReason, Watermark } from '@mailwarden/contracts';

/** Items of one store, as columns, so that a million of them cost little. Units: allocated bytes, milliseconds since 1970. */
export interface StoreItems {
  readonly bytes: Float64Array;
  readonly atMs: Float64Array;
  /** Why an item may not go, whatever the limits say; null where it may. */
  readonly blocked: readonly (SkipReason | null)[];
}

export interface Amount {
  readonly items: number;
  readonly bytes: number;
}

export interface RotationRules {
  readonly watermarks: readonly Watermark[];
  readonly keep: { readonly newest: number; readonly youngerThanSeconds: number };
  readonly bounds: Bounds;
  readonly holds: readonly Hold[];
  readonly nowMs: number;
  /** What earlier runs of the same order deleted: bounds count it too. */
  readonly alreadyDeleted?: Amount;
}

/** The exact items that go, oldest first. A plan that breaks a bound is stopped: nothing of it may be carried out. */
export interface RotationPlan {
  readonly before: Amount;
  /** Places in the columns. */
  readonly selected: readonly number[];
  readonly planned: Amount & { readonly oldestMs: number | null; readonly newestMs: number | null };
  readonly skipped: ReadonlyMap<SkipReason, number>;
  /** Bound that was passed, in words; null when none was. */
  readonly stopped: string | null;
  /** True when what may go does not suffice to get under the limits. */
  readonly staysOver: boolean;
}

/** What still stands above its low watermark. Only limits that are passed count: one that holds asks for nothing. */
interface Excess {
  bytes: number;
  records: number;
  olderThanMs: number | null;
}

function excessOf(before: Amount, oldestMs: number | null, rules: RotationRules): Excess {
  const excess: Excess = { bytes: 0, records: 0, olderThanMs: null };
  for (const { kind, limit, target } of rules.watermarks) {
    if (kind === 'bytes' && before.bytes > limit) excess.bytes = Math.max(excess.bytes, before.bytes - target);
    if ((kind === 'records' || kind === 'inodes') && before.items > limit) excess.records = Math.max(excess.records, before.items - target);
    if (kind === 'age' && oldestMs !== null && rules.nowMs - oldestMs > limit * 1000) excess.olderThanMs = Math.max(excess.olderThanMs ?? 0, rules.nowMs - target * 1000);
  }
  return excess;
}

function isHeld(atMs: number, holds: readonly Hold[]): boolean {
  return holds.some((hold) => (hold.from === null || atMs >= Date.parse(hold.from)) && (hold.until === null || atMs <= Date.parse(hold.until)));
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function stoppedBy(planned: Amount, before: Amount, { bounds, alreadyDeleted }: RotationRules): string | null {
  const items = planned.items + (alreadyDeleted?.items ?? 0);
  const bytes = planned.bytes + (alreadyDeleted?.bytes ?? 0);
  const whole = { items: before.items + (alreadyDeleted?.items ?? 0), bytes: before.bytes + (alreadyDeleted?.bytes ?? 0) };
  if (items > bounds.items) return `${items} items would go; the bound is ${bounds.items}`;
  if (bytes > bounds.bytes) return `${bytes} bytes would go; the bound is ${bounds.bytes}`;
  const percent = Math.max(whole.items === 0 ? 0 : (100 * items) / whole.items, whole.bytes === 0 ? 0 : (100 * bytes) / whole.bytes);
  return percent > bounds.percent ? `${percent.toFixed(1)} % of the store would go; the bound is ${bounds.percent} %` : null;
}

/**
 * Chooses what goes, oldest first, until every limit that is passed is back at its low watermark.
 * Safety: held, newest, young and blocked items never go; above a bound nothing does.
 */
export function planRotation(items: StoreItems, rules: RotationRules): RotationPlan {
  const count = items.atMs.length;
  const order = Array.from({ length: count }, (_, place) => place).sort((a, b) => (items.atMs[a] ?? 0) - (items.atMs[b] ?? 0) || a - b);
  const before: Amount = { items: count, bytes: sum(items.bytes) };
  const first = order[0];
  const excess = excessOf(before, first === undefined ? null : (items.atMs[first] ?? null), rules);
  const selected: number[] = [];
  const skipped = new Map<SkipReason, number>();
  const newestFrom = count - rules.keep.newest;
  const youngFromMs = rules.nowMs - rules.keep.youngerThanSeconds * 1000;
  let bytes = 0;
  const wanted = (atMs: number): boolean => bytes < excess.bytes || selected.length < excess.records || (excess.olderThanMs !== null && atMs < excess.olderThanMs);
  for (let rank = 0; rank < count; rank += 1) {
    const place = order[rank] ?? 0;
    const atMs = items.atMs[place] ?? 0;
    if (!wanted(atMs)) break;
    const reason: SkipReason | null = isHeld(atMs, rules.holds) ? 'held' : rank >= newestFrom ? 'kept-newest' : atMs > youngFromMs ? 'in-quiet-period' : (items.blocked[place] ?? null);
    if (reason !== null) skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
    else {
      selected.push(place);
      bytes += items.bytes[place] ?? 0;
    }
  }
  const last = selected.at(-1);
  const start = selected[0];
  const planned = { items: selected.length, bytes, oldestMs: start === undefined ? null : (items.atMs[start] ?? null), newestMs: last === undefined ? null : (items.atMs[last] ?? null) };
  const staysOver = bytes < excess.bytes || selected.length < excess.records;
  return { before, selected, planned, skipped, stopped: stoppedBy(planned, before, rules), staysOver };
}
