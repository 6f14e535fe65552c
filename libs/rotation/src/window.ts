import type { MaintenanceWindow } from '@mailwarden/contracts';

const MINUTE_MS = 60_000;
const MINUTES_PER_HOUR = 60;
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** A moment by the clock on the wall: 1 is Monday; minutes from midnight. */
interface WallClock {
  readonly day: number;
  readonly minute: number;
}

/** Making one costs a hundred times more than using it; there are few time zones in one fleet. */
const formats = new Map<string, Intl.DateTimeFormat>();
function formatFor(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  formats.set(timezone, made);
  return made;
}

function wallClock(timezone: string, atMs: number): WallClock {
  const parts = Object.fromEntries(formatFor(timezone).formatToParts(atMs).map(({ type, value }) => [type, value]));
  return { day: DAYS.indexOf(parts['weekday'] ?? '') + 1, minute: Number(parts['hour']) * MINUTES_PER_HOUR + Number(parts['minute']) };
}

const dayBefore = (day: number): number => (day === 1 ? DAYS.length : day - 1);

/** True when deletion may begin. No window: always. By the clock on the wall, so that a window keeps its hours when summer time begins and ends; a time zone that nobody knows is never inside. */
export function isInside(window: MaintenanceWindow | null, atMs: number): boolean {
  if (window === null) return true;
  const { days, fromMinute, toMinute, timezone } = window;
  let wall: WallClock;
  try {
    wall = wallClock(timezone, atMs);
  } catch {
    return false;
  }
  const startsToday = days.includes(wall.day) && wall.minute >= fromMinute;
  if (toMinute > fromMinute) return startsToday && wall.minute < toMinute;
  return startsToday || (days.includes(dayBefore(wall.day)) && wall.minute < toMinute);
}

/** First whole minute at which the window is over, at most `untilMs`. Exact also where summer time begins or ends in between. Units: milliseconds since 1970. */
export function insideUntil(window: MaintenanceWindow | null, fromMs: number, untilMs: number): number {
  if (window === null) return untilMs;
  if (!isInside(window, fromMs)) return fromMs;
  for (let atMs = (Math.floor(fromMs / MINUTE_MS) + 1) * MINUTE_MS; atMs < untilMs; atMs += MINUTE_MS) if (!isInside(window, atMs)) return atMs;
  return untilMs;
}
