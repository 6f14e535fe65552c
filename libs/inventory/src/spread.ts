// By themselves: a thread of a walk would otherwise load the forms of all messages.
import { AGE_CLASS_SECONDS, SIZE_CLASS_BYTES } from '@mailwarden/contracts/store-classes';
import type { Spread } from '@mailwarden/contracts';

const DAY_MS = 86_400_000;
/**
 * What is older than a day is dated by the slot that it falls into: memory of unchanged folders keeps so much for each slot, and not the moment of each file.
 * An upper end of a class is so told to a quarter of a day. Units: milliseconds.
 */
export const SLOT_MS = DAY_MS / 4;

const AGE_ENDS_MS = AGE_CLASS_SECONDS.map((seconds) => seconds * 1000);

export const slotOf = (atMs: number): number => Math.floor(atMs / SLOT_MS);

function classOf(value: number, ends: readonly number[]): number {
  let at = 0;
  while (at < ends.length && value > (ends[at] ?? 0)) at += 1;
  return at;
}

/** Place of a file in `ages`: by its moment while it is younger than a day, by the beginning of its slot from then on. Units: milliseconds since 1970. */
export function ageClassOf(atMs: number, nowMs: number): number {
  const ageMs = nowMs - atMs;
  return classOf(ageMs < DAY_MS ? ageMs : nowMs - slotOf(atMs) * SLOT_MS, AGE_ENDS_MS);
}

/** Place of a file in `sizes`, by its apparent size. */
export const sizeClassOf = (bytes: number): number => classOf(bytes, SIZE_CLASS_BYTES);

const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
export const emptyAges = (): Spread => ({ items: zeros(AGE_CLASS_SECONDS.length + 1), bytes: zeros(AGE_CLASS_SECONDS.length + 1) });
export const emptySizes = (): Spread => ({ items: zeros(SIZE_CLASS_BYTES.length + 1), bytes: zeros(SIZE_CLASS_BYTES.length + 1) });

export function addTo(spread: Spread, at: number, items: number, bytes: number): void {
  spread.items[at] = (spread.items[at] ?? 0) + items;
  spread.bytes[at] = (spread.bytes[at] ?? 0) + bytes;
}

export function addSpread(spread: Spread, more: Spread): void {
  more.items.forEach((items, at) => addTo(spread, at, items, more.bytes[at] ?? 0));
}
