import type { Watermark } from '@mailwarden/contracts';
import fc from 'fast-check';

/** Allocated in whole pages. Units: bytes. */
export const PAGE_BYTES = 4_096;
const FOLDERS = ['', 'in/', 'in/deeper/', 'other/'];
const AGE_S_MAX = 50_000;
/** What the store's profile says. Units: seconds. */
export const QUIET_S = 10;

/** One entry of a random store, by its place. */
export interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'symlink' | 'fifo' | 'hard-linked' | 'not-of-the-store' | 'excluded-by-order';
  readonly pages: number;
  /** Before the host's "now"; negative for what lies in the future. Units: seconds. */
  readonly ageS: number;
  readonly isMarked: boolean;
}

/** A span that is kept, as ages; null is open. */
export interface HoldSpan {
  readonly fromAgeS: number | null;
  readonly untilAgeS: number | null;
  readonly ofThisStore: boolean;
}

/** What happens to the executor on its way: it ends as by a crash, or is asked to stop, when it comes to a step for the n-th time. */
export interface Mishap {
  readonly how: 'crash' | 'stop';
  readonly step: number;
}

export interface RotationCase {
  readonly entries: readonly Entry[];
  readonly watermarks: readonly Watermark[];
  readonly keep: { readonly newest: number; readonly youngerThanSeconds: number };
  readonly bounds: { readonly items: number; readonly bytes: number; readonly percent: number; readonly deadlineSeconds: number };
  readonly holds: readonly HoldSpan[];
  /** When the order was made, by the host's clock. Units: seconds before "now". */
  readonly issuedAgoS: number;
  /** Whether only what was marked may go. */
  readonly onlyMarked: boolean;
  readonly mishaps: readonly Mishap[];
}

const entry = fc.record({
  folder: fc.constantFrom(...FOLDERS),
  kind: fc.oneof({ weight: 12, arbitrary: fc.constant('file' as const) }, { weight: 3, arbitrary: fc.constantFrom('symlink' as const, 'fifo' as const, 'hard-linked' as const, 'not-of-the-store' as const, 'excluded-by-order' as const) }),
  pages: fc.integer({ min: 0, max: 6 }),
  ageS: fc.oneof({ weight: 20, arbitrary: fc.integer({ min: 1, max: AGE_S_MAX }) }, { weight: 1, arbitrary: fc.integer({ min: -7_200, max: 0 }) }),
  isMarked: fc.boolean(),
});

/** Distinct moments: of two files of one moment either may go first. */
const entries = fc.uniqueArray(entry, { selector: ({ ageS }) => ageS, minLength: 1, maxLength: 26, size: 'max' }).map((list): Entry[] =>
  list.map(({ folder, kind, ...rest }, place) => ({ ...rest, kind, name: `${folder}${kind === 'not-of-the-store' ? 'young' : kind === 'excluded-by-order' ? 'spared' : "le'tter é"}-${place}` })),
);

const watermark = fc.record({ kind: fc.constantFrom('bytes' as const, 'records' as const, 'age' as const), limit: fc.double({ min: 0.02, max: 0.6, noNaN: true }), target: fc.double({ min: 0, max: 1, noNaN: true }) }).map(({ kind, limit, target }): Watermark => {
  const whole = kind === 'bytes' ? 26 * 4 * PAGE_BYTES : kind === 'age' ? AGE_S_MAX : 26;
  const top = Math.max(1, Math.round(limit * whole));
  return { kind, limit: top, target: Math.floor(top * target) };
});

const rarely = <T>(plain: T, odd: fc.Arbitrary<T>, weight = 5): fc.Arbitrary<T> => fc.oneof({ weight, arbitrary: fc.constant(plain) }, { weight: 1, arbitrary: odd });
const boundsOf = fc.record({ items: rarely(1e6, fc.integer({ min: 0, max: 15 })), bytes: rarely(1e12, fc.integer({ min: 0, max: 40 * PAGE_BYTES })), percent: rarely(100, fc.integer({ min: 0, max: 99 })), deadlineSeconds: fc.constant(600) });
const age = fc.option(fc.integer({ min: 0, max: AGE_S_MAX }), { nil: null });

/** A store, an order and what befalls its executor. */
export const rotationCase: fc.Arbitrary<RotationCase> = fc.record({
  entries,
  watermarks: fc.uniqueArray(watermark, { selector: ({ kind }) => kind, minLength: 1, maxLength: 3 }),
  keep: fc.record({ newest: fc.integer({ min: 0, max: 6 }), youngerThanSeconds: rarely(0, fc.integer({ min: 0, max: AGE_S_MAX })) }),
  bounds: boundsOf,
  holds: fc.array(fc.record({ fromAgeS: age, untilAgeS: age, ofThisStore: fc.boolean() }), { maxLength: 2 }),
  issuedAgoS: rarely(0, fc.constantFrom(-3_600, 60, 3 * 86_400), 8),
  onlyMarked: rarely(false, fc.constant(true), 4),
  mishaps: fc.array(fc.record({ how: fc.constantFrom('crash' as const, 'crash' as const, 'stop' as const), step: fc.integer({ min: 1, max: 9 }) }), { maxLength: 3 }),
});
