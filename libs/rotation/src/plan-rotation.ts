import type { Bounds, Hold, SkipReason, Watermark } from '@mailwarden/contracts';
import { boundPassed, type Amount } from './bounds.js';
import { clockDoubt } from './clock-doubt.js';
import { excessOf, watermarkProblem, type Excess, type Goal, type Room } from './excess.js';

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

/** An order that an earlier run began: it goes on with what it had planned, and takes nothing that came later. */
export interface BegunOrder extends Goal {
  readonly itemsLeft: number;
  readonly newestMs: number | null;
  /** What earlier runs deleted: bounds count it too. */
  readonly deleted: Amount;
}

export interface RotationRules {
  readonly watermarks: readonly Watermark[];
  readonly keep: { readonly newest: number; readonly youngerThanSeconds: number };
  readonly bounds: Bounds;
  readonly holds: readonly Hold[];
  readonly nowMs: number;
  /** When the order was made, by the clock of whoever made it. */
  readonly issuedAtMs: number;
  /** The file system of the store, where a floor of free space is among the limits. */
  readonly room?: Room | null;
  readonly begun?: BegunOrder;
}

/** The exact items that go, oldest first. A plan that is stopped must not be carried out, not even in part. */
export interface RotationPlan {
  readonly before: Amount;
  /** Places in the columns. */
  readonly selected: readonly number[];
  readonly planned: Amount & { readonly oldestMs: number | null; readonly newestMs: number | null };
  readonly skipped: ReadonlyMap<SkipReason, number>;
  readonly goal: Goal;
  /** Bound that was passed, watermark that makes no sense or clock that cannot be believed, in words; null when all is well. */
  readonly stopped: string | null;
  /** True when what may go does not suffice to get under the limits. */
  readonly staysOver: boolean;
}

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Both ends are held. A moment that cannot be read holds without end: a hold is never weaker than it was meant. */
const spanOf = (hold: Hold): Span => ({ fromMs: hold.from === null ? -Infinity : orElse(Date.parse(hold.from), -Infinity), untilMs: hold.until === null ? Infinity : orElse(Date.parse(hold.until), Infinity) });
const orElse = (ms: number, fallback: number): number => (Number.isNaN(ms) ? fallback : ms);
const covers = (spans: readonly Span[], atMs: number): boolean => spans.some((span) => atMs >= span.fromMs && atMs <= span.untilMs);

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** Places from the oldest to the newest; equal moments in the order found, items without a moment last. */
function byAge(atMs: Float64Array): Uint32Array {
  const sortable = atMs.map((at) => (Number.isNaN(at) ? Infinity : at));
  return Uint32Array.from(sortable, (_at, place) => place).sort((a, b) => {
    const [left, right] = [sortable[a] ?? 0, sortable[b] ?? 0];
    return left === right ? a - b : left - right;
  });
}

const momentAt = (items: StoreItems, place: number | undefined): number | null => {
  const at = place === undefined ? Number.NaN : (items.atMs[place] ?? Number.NaN);
  return Number.isNaN(at) ? null : at;
};

function stoppedBy(rules: RotationRules, excess: Excess, newestMs: number | null, planned: Amount, before: Amount): string | null {
  const doubt = excess.olderThanMs === null ? null : clockDoubt({ nowMs: rules.nowMs, issuedAtMs: rules.issuedAtMs, newestMs });
  return watermarkProblem(rules.watermarks) ?? doubt ?? boundPassed(planned, before, rules.bounds, rules.begun?.deleted);
}

/** The newest moment of all items, blocked ones too: one that lies in the future tells of a clock that ran backwards. */
function newestOf(items: StoreItems, order: Uint32Array): number | null {
  for (let rank = order.length - 1; rank >= 0; rank -= 1) {
    const at = momentAt(items, order[rank]);
    if (at !== null) return at;
  }
  return null;
}

/** What holds one item back, by its age rank; null when it may go. */
function keptBy(items: StoreItems, place: number, rank: number, rules: RotationRules, spans: readonly Span[]): SkipReason | null {
  const at = items.atMs[place] ?? Number.NaN;
  if (Number.isNaN(at)) return spans.length > 0 ? 'held' : 'no-clock';
  if (covers(spans, at) || (items.otherMs !== undefined && covers(spans, items.otherMs[place] ?? at))) return 'held';
  if (rank >= items.atMs.length - rules.keep.newest) return 'kept-newest';
  if (at > rules.nowMs - rules.keep.youngerThanSeconds * 1000) return 'in-quiet-period';
  return items.blocked[place] ?? null;
}

/**
 * Chooses what goes, oldest first, until every limit that is passed is back at its low watermark.
 * Safety: held, newest, young and blocked items never go; above a bound, or by a clock that cannot be believed, nothing does.
 */
export function planRotation(items: StoreItems, rules: RotationRules): RotationPlan {
  const order = byAge(items.atMs);
  const before: Amount = { items: order.length, bytes: sum(items.bytes) };
  const excess = excessOf({ ...before, oldestMs: momentAt(items, order[0]), room: rules.room ?? null }, rules.watermarks, rules.nowMs, rules.begun ?? null);
  const spans = rules.holds.map(spanOf);
  const itemsMax = rules.begun?.itemsLeft ?? Infinity;
  const notAfterMs = rules.begun === undefined ? Infinity : (rules.begun.newestMs ?? -Infinity);
  const selected: number[] = [];
  const skipped = new Map<SkipReason, number>();
  let bytes = 0;
  let agedStays = false;
  const isWanted = (atMs: number): boolean => bytes < excess.bytes || selected.length < excess.items || (excess.olderThanMs !== null && atMs < excess.olderThanMs);
  for (const [rank, place] of order.entries()) {
    const atMs = items.atMs[place] ?? Number.NaN;
    if (selected.length >= itemsMax || atMs > notAfterMs || !isWanted(atMs)) break;
    const reason = keptBy(items, place, rank, rules, spans);
    if (reason !== null) {
      skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
      agedStays ||= excess.olderThanMs !== null && atMs < excess.olderThanMs;
    } else {
      selected.push(place);
      bytes += items.bytes[place] ?? 0;
    }
  }
  const planned = { items: selected.length, bytes, oldestMs: momentAt(items, selected[0]), newestMs: momentAt(items, selected.at(-1)) };
  return { before, selected, planned, skipped, goal: { kinds: excess.kinds, olderThanMs: excess.olderThanMs }, stopped: stoppedBy(rules, excess, newestOf(items, order), planned, before), staysOver: bytes < excess.bytes || selected.length < excess.items || agedStays };
}
