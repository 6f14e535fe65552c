import { formatDuration } from '@mailwarden/kernel';

const JUST_NOW_SECONDS = 5;

/** A moment as a person says it: `just now`, `3 minutes ago`, `in 2 days`. Units: epoch milliseconds for `nowMs`. */
export function relativeTime(instant: string, nowMs: number): string {
  const seconds = (nowMs - Date.parse(instant)) / 1000;
  if (Number.isNaN(seconds)) return 'at an unknown time';
  if (Math.abs(seconds) < JUST_NOW_SECONDS) return 'just now';
  return seconds > 0 ? `${formatDuration(seconds)} ago` : `in ${formatDuration(-seconds)}`;
}

const SHORT: readonly (readonly [seconds: number, unit: string])[] = [[86_400, 'd'], [3600, 'h'], [60, 'm'], [1, 's']];

/** The same for narrow columns, where it stands under its heading: `now`, `3m`, `2d`. */
export function shortAge(instant: string, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - Date.parse(instant)) / 1000);
  if (Number.isNaN(seconds)) return 'unknown';
  if (seconds < JUST_NOW_SECONDS) return 'now';
  for (const [size, unit] of SHORT) if (seconds >= size) return `${Math.floor(seconds / size)}${unit}`;
  return 'now';
}

const pad = (value: number): string => String(value).padStart(2, '0');

/** Time of day on this computer, for a list that is read line by line: `21:40:07`, with the day when it is not today. */
export function clockTime(instant: string, nowMs: number): string {
  const at = new Date(instant);
  const today = new Date(nowMs);
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  return at.toDateString() === today.toDateString() ? time : `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${time}`;
}

/** A time that something took: `840 ms`, `1.4 s`, `3 minutes`. Units: milliseconds. */
export function tookTime(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(1)} s` : formatDuration(milliseconds / 1000);
}
