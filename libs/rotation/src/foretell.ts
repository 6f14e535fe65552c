import { AGE_CLASS_SECONDS, SIZE_CLASS_BYTES, type BundleRule, type Hold, type LimitKind, type PLAN_STATES } from '@mailwarden/contracts';
import { boundPassed, type Amount } from './bounds.js';
import { isPassed } from './over-limit.js';
import type { RecordedState } from './recorded-state.js';

export type PlanState = (typeof PLAN_STATES)[number];
export type ForetoldRule = Pick<BundleRule, 'watermarks' | 'keep' | 'bounds'> & { readonly rotatable: boolean };

/** What a rule would delete from a store, by what is recorded of it. */
export interface Foretold {
  readonly state: PlanState;
  readonly passed: readonly LimitKind[];
  readonly before: Amount;
  readonly wouldDelete: Amount;
  /** No order deletes more than this unless the store changes first: what is estimated is rounded up to whole classes. */
  readonly most: Amount;
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  /** False where classes of age had to be divided. */
  readonly exact: boolean;
  readonly reason: string;
}

/** Items of one class of age. Units: milliseconds since 1970. */
interface Slice {
  readonly fromMs: number;
  readonly toMs: number;
  readonly items: number;
  readonly bytes: number;
}

interface Need {
  readonly items: number;
  readonly bytes: number;
  readonly olderThanMs: number | null;
}

const NOTHING: Amount = { items: 0, bytes: 0 };

function measuredValue(kind: LimitKind, state: RecordedState, nowMs: number): number | null {
  switch (kind) {
    case 'bytes':
      return state.bytes;
    case 'records':
      return state.records ?? state.items;
    case 'inodes':
      return state.items;
    case 'age':
      return state.oldestMs === null ? (state.items === 0 ? 0 : null) : (nowMs - state.oldestMs) / 1000;
    case 'free-space':
      return state.room === null || state.room.totalBytes === 0 ? null : (100 * state.room.freeBytes) / state.room.totalBytes;
  }
}

/** Limits of a rule that recorded state passes. */
export const passedKinds = (rule: Pick<BundleRule, 'watermarks'>, state: RecordedState, nowMs: number): LimitKind[] =>
  rule.watermarks.flatMap(({ kind, limit }) => {
    const value = measuredValue(kind, state, nowMs);
    return value !== null && isPassed(kind, value, limit) ? [kind] : [];
  });

function needOf(rule: ForetoldRule, state: RecordedState, passed: readonly LimitKind[], before: Amount, nowMs: number): Need {
  let [items, bytes] = [0, 0];
  let olderThanMs: number | null = null;
  for (const { kind, target } of rule.watermarks.filter((watermark) => passed.includes(watermark.kind))) {
    if (kind === 'age') olderThanMs = Math.max(olderThanMs ?? -Infinity, nowMs - target * 1000);
    else if (kind === 'bytes') bytes = Math.max(bytes, before.bytes - target);
    else if (kind === 'free-space') bytes = Math.max(bytes, state.room === null ? 0 : (state.room.totalBytes * target) / 100 - state.room.freeBytes);
    else items = Math.max(items, (measuredValue(kind, state, nowMs) ?? 0) - target);
  }
  return { items: Math.ceil(items), bytes: Math.ceil(bytes), olderThanMs };
}

/** The store as slices, the oldest first. Without classes of age it is one. */
function slicesOf({ ages, measuredAtMs, oldestMs, newestMs }: RecordedState, before: Amount): Slice[] {
  const [oldest, newest] = [oldestMs ?? measuredAtMs, newestMs ?? measuredAtMs];
  if (ages === null) return before.items === 0 ? [] : [{ fromMs: oldest, toMs: newest, ...before }];
  const ends = [0, ...AGE_CLASS_SECONDS].map((seconds) => measuredAtMs - seconds * 1000);
  return ages.items
    .map((items, index): Slice => ({ items, bytes: ages.bytes[index] ?? 0, fromMs: Math.max(oldest, ends[index + 1] ?? -Infinity), toMs: Math.max(oldest, Math.min(newest, ends[index] ?? newest)) }))
    .filter(({ items, bytes }) => items > 0 || bytes > 0)
    .reverse();
}

const momentOf = (at: string | null, fallback: number): number => (at === null || Number.isNaN(Date.parse(at)) ? fallback : Date.parse(at));

/** Holds of single messages leave the rest free; how many they keep, recorded state cannot tell. */
const isOfMessages = (hold: Hold): boolean => (hold.messages ?? []).length > 0;

/** What must stay, by its moments. Both ends are kept. */
interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}
const spanOf = ({ from, until }: Hold): Span => ({ fromMs: momentOf(from, -Infinity), untilMs: momentOf(until, Infinity) });

/** Part of a slice that must stay, as if its items were spread evenly. An instant is covered whole. */
function keptShare({ fromMs, toMs }: Slice, spans: readonly Span[]): number {
  let share = 0;
  for (const span of spans) {
    if (span.untilMs < fromMs || span.fromMs > toMs) continue;
    share = Math.max(share, toMs === fromMs ? 1 : Math.min(1, (Math.min(toMs, span.untilMs) - Math.max(fromMs, span.fromMs)) / (toMs - fromMs)));
  }
  return share;
}

const part = (whole: number, share: number): number => Math.min(whole, Math.ceil(whole * share));

/** How much of a slice must go so that all limits are met: from 0 to 1. */
function wantedShare(slice: Slice, left: Need): number {
  const byAmount = (need: number, has: number): number => (need <= 0 ? 0 : has <= 0 ? 1 : need / has);
  const byAge = left.olderThanMs === null || slice.fromMs >= left.olderThanMs ? 0 : slice.toMs < left.olderThanMs ? 1 : (left.olderThanMs - slice.fromMs) / Math.max(1, slice.toMs - slice.fromMs);
  return Math.min(1, Math.max(byAmount(left.bytes, slice.bytes), byAmount(left.items, slice.items), byAge));
}

interface Taken {
  readonly amount: Amount;
  readonly most: Amount;
  readonly newestMs: number | null;
  readonly heldItems: number;
  readonly exact: boolean;
  readonly left: Need;
}

/** The largest that one item of the store may be: no order goes further past its target than by one item. */
function largestOf({ sizes }: RecordedState, bytes: number): number {
  const last = sizes === null ? -1 : sizes.items.findLastIndex((items) => items > 0);
  return Math.min(bytes, last === -1 ? Infinity : (SIZE_CLASS_BYTES[last] ?? Infinity));
}

/** Goes from the oldest slice to the newest and takes what is wanted and free. */
function take(slices: readonly Slice[], need: Need, kept: readonly Span[], state: RecordedState, itemsMax: number): Taken {
  let [amount, most, left]: [Amount, Amount, Need] = [NOTHING, NOTHING, need];
  let newestMs: number | null = null;
  let heldItems = 0;
  let exact = true;
  for (const slice of slices) {
    const wanted = wantedShare(slice, left);
    if (wanted === 0) break;
    const held = keptShare(slice, kept);
    const free = 1 - held;
    const share = Math.min(wanted, free);
    heldItems += part(slice.items, Math.min(wanted, held));
    const items = Math.min(part(slice.items, share), itemsMax - amount.items);
    if (items <= 0) continue;
    const bytes = part(slice.bytes, share);
    if (share < 1) exact = false;
    amount = { items: amount.items + items, bytes: amount.bytes + bytes };
    most = { items: most.items + slice.items, bytes: most.bytes + (share < 1 && need.items === 0 && need.olderThanMs === null ? Math.min(slice.bytes, Math.max(0, left.bytes) + largestOf(state, slice.bytes)) : slice.bytes) };
    newestMs = slice.fromMs + (slice.toMs - slice.fromMs) * Math.min(1, wanted);
    left = { ...left, items: left.items - items, bytes: left.bytes - bytes };
  }
  return { amount, most, newestMs, heldItems, exact, left };
}

function stateOf(rule: ForetoldRule, taken: Taken, before: Amount): { state: PlanState; reason: string } {
  if (!rule.rotatable) return { state: 'not-rotatable', reason: 'the profile keeps this store from deletion: it is only watched' };
  const bound = boundPassed(taken.amount, before, rule.bounds);
  if (bound !== null) return { state: 'over-bounds', reason: `${bound}: an order would stop before the first deletion` };
  const over = taken.left.items > 0 || taken.left.bytes > 0;
  if (taken.heldItems > 0 && (over || taken.amount.items === 0)) return { state: 'held', reason: 'a hold keeps so much that the store stays over its limit' };
  const words = [taken.exact ? '' : 'estimated from classes of age and size', over ? 'what may go does not bring the store under its limit' : ''].filter((word) => word !== '');
  return { state: taken.amount.items === 0 ? 'in-order' : 'would-delete', reason: words.join('; ') };
}

/** The keep rule as a span: what is too young stays. */
const youngest = (rule: ForetoldRule, nowMs: number): Span => ({ fromMs: nowMs - rule.keep.youngerThanSeconds * 1000, untilMs: Infinity });

/**
 * Foretells what a rule would delete, from what the last observation recorded: exact where whole classes of age go, else an estimate that says so.
 * Holds must be those of this store. A limit that was not measured asks for nothing; where none was, the state is `unmeasured`.
 */
export function foretell(rule: ForetoldRule, state: RecordedState, holds: readonly Hold[], nowMs: number): Foretold {
  const before: Amount = { items: state.records ?? state.items ?? 0, bytes: state.bytes ?? 0 };
  const nothing = { before, wouldDelete: NOTHING, most: NOTHING, oldestMs: null, newestMs: null, exact: true };
  const passed = passedKinds(rule, state, nowMs);
  if (passed.length === 0) {
    const isMeasured = rule.watermarks.length === 0 || rule.watermarks.some(({ kind }) => measuredValue(kind, state, nowMs) !== null);
    return { ...nothing, state: isMeasured ? 'in-order' : 'unmeasured', passed, reason: isMeasured ? '' : 'what the limit counts was not measured' };
  }
  const need = needOf(rule, state, passed, before, nowMs);
  const slices = slicesOf(state, before);
  const itemsMax = Math.max(0, before.items - rule.keep.newest);
  const kept = [...holds.filter((hold) => !isOfMessages(hold)).map(spanOf), youngest(rule, nowMs)];
  const taken = take(slices, need, kept, state, itemsMax);
  const isHeld = holds.length > 0 ? stateOf(rule, taken, before) : stateOf(rule, { ...taken, heldItems: 0 }, before);
  const letters = holds.some(isOfMessages) ? 'single letters are held and stay' : '';
  return {
    state: isHeld.state,
    passed,
    before,
    wouldDelete: rule.rotatable ? taken.amount : NOTHING,
    most: { items: Math.min(itemsMax, taken.most.items), bytes: Math.min(before.bytes, taken.most.bytes) },
    oldestMs: taken.amount.items === 0 ? null : state.oldestMs,
    newestMs: taken.amount.items === 0 ? null : taken.newestMs,
    exact: taken.exact,
    reason: [isHeld.reason, letters].filter((word) => word !== '').join('; '),
  };
}
