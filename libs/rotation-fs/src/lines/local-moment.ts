import type { LocalClock } from '@mailwarden/rotation-rules';

/** The calendar of the zone that this process runs in, as the programs of its host write it. */
export const localMoment: LocalClock = (year, month, day, hour, minute, second) => new Date(year, month - 1, day, hour, minute, second).getTime();
