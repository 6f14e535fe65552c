import type { Relation } from '@mailwarden/catalogue';
import { instantOf, type Instant } from '@mailwarden/kernel';

/** The last moment that can be written: the end of the year 9999. Units: milliseconds since 1970. */
export const LATEST_MS = 253_402_300_799_999;

/** How many of a column's units make a second. */
export const UNITS_PER_SECOND: Readonly<Record<Exclude<Relation['timeUnit'], 'timestamp'>, number>> = { 'unix-seconds': 1, 'unix-milliseconds': 1_000 };

/** The largest number of a column that is a moment. A number of zero or below is none either: programs write it where they know no time. */
export const latestNumber = (unit: keyof typeof UNITS_PER_SECOND): number => Math.floor((LATEST_MS / 1_000) * UNITS_PER_SECOND[unit]);

/** A moment from milliseconds since 1970, as a database gives them; null where there is none. */
export function momentOf(ms: number | string | bigint | null | undefined): Instant | null {
  if (ms === null || ms === undefined) return null;
  const rounded = Math.round(Number(ms));
  return Number.isFinite(rounded) && Math.abs(rounded) <= LATEST_MS && new Date(rounded).getUTCFullYear() > 0 ? instantOf(rounded) : null;
}
