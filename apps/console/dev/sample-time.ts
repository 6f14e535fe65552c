import { instantOf, known, unknown, type Instant, type Measured } from '@mailwarden/kernel';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A moment so long ago. Units: milliseconds. */
export const ago = (milliseconds: number): Instant => instantOf(Date.now() - milliseconds);
export const hash = (digit: string): string => digit.repeat(64).slice(0, 64);
export const id = (number: number): string => `0f8fad5b-d9cb-469f-a165-${String(number).padStart(12, '0')}`;
export { known, unknown };
export type { Measured };
