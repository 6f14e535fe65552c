import type { MaintenanceWindow } from '@mailwarden/contracts';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const MINUTES_PER_HOUR = 60;

const clock = (minute: number): string => `${String(Math.floor(minute / MINUTES_PER_HOUR)).padStart(2, '0')}:${String(minute % MINUTES_PER_HOUR).padStart(2, '0')}`;

/** Days as people write them: `mon-fri`, `sat, sun`, `every day`. */
function daysWords(days: readonly number[]): string {
  if (days.length === DAYS.length) return 'every day';
  const sorted = [...days].sort((a, b) => a - b);
  const runs: number[][] = [];
  for (const day of sorted) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1) === day - 1) run.push(day);
    else runs.push([day]);
  }
  const name = (day: number | undefined): string => DAYS[(day ?? 1) - 1] ?? '';
  return runs.map((run) => (run.length > 2 ? `${name(run[0])}-${name(run.at(-1))}` : run.map(name).join(', '))).join(', ');
}

/** `mon-fri, 01:00 to 05:00 Europe/Berlin`. */
export const windowWords = ({ days, fromMinute, toMinute, timezone }: MaintenanceWindow): string => `${daysWords(days)}, ${clock(fromMinute)} to ${clock(toMinute)} ${timezone}`;
