import type { Branded } from './brand.js';
import { err, ok, type Result } from './result.js';

/** A moment in UTC, in ISO 8601 with milliseconds: `2026-11-24T10:00:00.000Z`. Sorts as text. */
export type Instant = Branded<'Instant'>;

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

export function parseInstant(text: string): Result<Instant, string> {
  return INSTANT.test(text) && !Number.isNaN(Date.parse(text))
    ? ok(text as Instant)
    : err('a moment is written in UTC with milliseconds, as 2026-11-24T10:00:00.000Z');
}

/** Units: milliseconds since 1970 in, instant out. Errors: throws RangeError outside the years 0 to 9999, which no caller can meet. */
export const instantOf = (epochMs: number): Instant => new Date(epochMs).toISOString() as Instant;

const EARLIEST_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** The nearest moment that can be written, for a clock that others set: a file or a row may claim any. Null for what is no number. Units: milliseconds since 1970 in. */
export const nearestInstant = (epochMs: number): Instant | null => (Number.isNaN(epochMs) ? null : instantOf(Math.round(Math.min(LATEST_MS, Math.max(EARLIEST_MS, epochMs)))));

/** Units: milliseconds since 1970. */
export const epochMsOf = (instant: Instant): number => Date.parse(instant);
