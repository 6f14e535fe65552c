import { instantOf, type Instant } from '@mailwarden/kernel';

/** A moment as the database driver gives it. */
export const instantFrom = (value: Date): Instant => instantOf(value.getTime());
export const instantOrNull = (value: Date | null): Instant | null => (value === null ? null : instantFrom(value));
