import { PAGE_BYTES, QUIET_S, type Entry, type RotationCase } from './random-case.js';

/** What a rotation must come to: written from what the documentation says, not from the code. */
export interface Expected {
  readonly before: { readonly items: number; readonly bytes: number };
  /** Names in the order in which they leave; empty where nothing may. */
  readonly leave: readonly string[];
  /** Which rule lets nothing leave at all; null where none does. */
  readonly stopped: 'clock' | 'bound' | null;
}

/** A host and an order may be so far apart in time before age means nothing. Source: docs/rotation, "Clocks". Units: seconds. */
const CLOCKS_APART_S_MAX = 600;
const ORDER_AGE_S_MAX = 48 * 3_600;

const isInStore = ({ kind }: Entry): boolean => kind === 'file' || kind === 'hard-linked' || kind === 'excluded-by-order';
const bytesOf = (entries: readonly Entry[]): number => entries.reduce((sum, { pages }) => sum + pages * PAGE_BYTES, 0);
const oldestFirst = (entries: readonly Entry[]): Entry[] => [...entries].sort((a, b) => b.ageS - a.ageS);

/** A hold that names an end keeps what lies on it as well. */
export const isHeld = (entry: Entry, { holds }: Pick<RotationCase, 'holds'>): boolean =>
  holds.some(({ fromAgeS, untilAgeS, ofThisStore }) => ofThisStore && (fromAgeS === null || entry.ageS <= fromAgeS) && (untilAgeS === null || entry.ageS >= untilAgeS));

/** Whether one entry may leave, whatever the limits say. */
function mayLeave(entry: Entry, newest: ReadonlySet<Entry>, given: RotationCase): boolean {
  if (entry.kind !== 'file' || newest.has(entry) || isHeld(entry, given)) return false;
  if (given.onlyMarked && !entry.isMarked) return false;
  return entry.ageS >= given.keep.youngerThanSeconds && entry.ageS >= QUIET_S;
}

type Passed = (left: readonly Entry[]) => boolean;

/** Each limit that is passed asks for more until its own target is reached. An age asks for the oldest that may still leave. */
function passedLimits(store: readonly Entry[], { watermarks }: RotationCase): { readonly amounts: readonly Passed[]; readonly ageS: number | null } {
  const amounts: Passed[] = [];
  let ageS: number | null = null;
  for (const { kind, limit, target } of watermarks) {
    if (kind === 'bytes' && bytesOf(store) > limit) amounts.push((left) => bytesOf(left) > target);
    if (kind === 'records' && store.length > limit) amounts.push((left) => left.length > target);
    if (kind === 'age' && store.some((entry) => entry.ageS > limit)) ageS = target;
  }
  return { amounts, ageS };
}

function isClockDoubtful(store: readonly Entry[], issuedAgoS: number): boolean {
  return -issuedAgoS > CLOCKS_APART_S_MAX || issuedAgoS > ORDER_AGE_S_MAX || store.some(({ ageS }) => -ageS > CLOCKS_APART_S_MAX);
}

function isAboveBound(leave: readonly Entry[], store: readonly Entry[], { bounds }: RotationCase): boolean {
  const percentOf = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);
  return leave.length > bounds.items || bytesOf(leave) > bounds.bytes || percentOf(leave.length, store.length) > bounds.percent || percentOf(bytesOf(leave), bytesOf(store)) > bounds.percent;
}

/** Takes away the oldest that may leave, one by one, as long as a limit asks for it. */
export function expectedOf(given: RotationCase): Expected {
  const store = oldestFirst(given.entries.filter(isInStore));
  const newest = new Set(given.keep.newest === 0 ? [] : store.slice(-given.keep.newest));
  const { amounts, ageS } = passedLimits(store, given);
  let left: readonly Entry[] = store;
  const leave: Entry[] = [];
  for (const entry of store.filter((candidate) => mayLeave(candidate, newest, given))) {
    if (!amounts.some((isPassed) => isPassed(left)) && (ageS === null || entry.ageS <= ageS)) break;
    leave.push(entry);
    left = left.filter((other) => other !== entry);
  }
  const stopped = ageS !== null && isClockDoubtful(store, given.issuedAgoS) ? 'clock' : isAboveBound(leave, store, given) ? 'bound' : null;
  return { before: { items: store.length, bytes: bytesOf(store) }, leave: leave.map(({ name }) => name), stopped };
}
