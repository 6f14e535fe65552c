import type { MaintenanceWindow } from '@mailwarden/contracts';

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const DAYS_IN_WEEK = 7;
const MINUTES_IN_HOUR = 60;

/** What the clocks on the wall of a time zone show. */
function onTheWall(timezone: string, nowMs: number): { readonly day: number; readonly minute: number } | null {
  try {
    const parts = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(nowMs);
    const part = (type: Intl.DateTimeFormatPartTypes): string => parts.find((one) => one.type === type)?.value ?? '';
    return { day: WEEKDAYS.indexOf(part('weekday')) + 1, minute: Number(part('hour')) * MINUTES_IN_HOUR + Number(part('minute')) };
  } catch {
    return null;
  }
}

/** Whether deletion may begin at a moment. A time zone that this host does not know is never open: nobody can tell what its clocks show. */
export function windowOpenAt({ days, fromMinute, toMinute, timezone }: MaintenanceWindow, nowMs: number): boolean {
  const wall = onTheWall(timezone, nowMs);
  if (wall === null) return false;
  const begins = (day: number): boolean => days.includes(day);
  if (fromMinute < toMinute) return begins(wall.day) && wall.minute >= fromMinute && wall.minute < toMinute;
  const dayBefore = wall.day === 1 ? DAYS_IN_WEEK : wall.day - 1;
  return (begins(wall.day) && wall.minute >= fromMinute) || (begins(dayBefore) && wall.minute < toMinute);
}
