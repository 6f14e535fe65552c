import type { Clock } from '@mailwarden/contracts';

/** What the kernel says of when things happened to a file. Units: milliseconds since 1970; a birth of 0 is none. */
export interface FileTimes {
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly birthtimeMs: number;
}

/**
 * How old a file is by the declared clock; NaN where it has no such moment.
 * The kernel itself sets ctime at every change, so a file cannot have been written after it: a modification time beyond it is forged, and would make a file young for ever.
 */
export function momentOf(times: FileTimes, clock: Clock): number {
  switch (clock) {
    case 'modified':
      return Math.min(times.mtimeMs, times.ctimeMs);
    case 'changed':
      return times.ctimeMs;
    case 'born':
      return times.birthtimeMs > 0 ? Math.min(times.birthtimeMs, times.ctimeMs) : Number.NaN;
    default:
      return Number.NaN;
  }
}
