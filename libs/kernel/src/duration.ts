import { err, ok, type Result } from './result.js';

const SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  second: 1,
  m: 60,
  minute: 60,
  h: 3600,
  hour: 3600,
  d: 86_400,
  day: 86_400,
  w: 604_800,
  week: 604_800,
};

const DURATION = /^(\d{1,9}) ?(s|m|h|d|w|seconds?|minutes?|hours?|days?|weeks?)$/;

/** Reads a length of time as people write it: `3d`, `90 days`, `1 hour`. Units: seconds. */
export function parseDuration(text: string): Result<number, string> {
  const match = DURATION.exec(text.trim());
  const unit = match?.[2];
  const factor = unit === undefined ? undefined : (SECONDS[unit] ?? SECONDS[unit.replace(/s$/, '')]);
  return match?.[1] === undefined || factor === undefined
    ? err(`a duration is a whole number with a unit, as "90 days", "1 hour" or "3d"; this is "${text.slice(0, 40)}"`)
    : ok(Number(match[1]) * factor);
}

const STEPS: readonly (readonly [string, number])[] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** Writes a length of time for people, rounded to its largest unit: `2 years`, `3 days`. */
export function formatDuration(seconds: number): string {
  for (const [name, size] of STEPS) {
    if (seconds >= size || size === 1) {
      const count = Math.floor(seconds / size);
      return `${count} ${name}${count === 1 ? '' : 's'}`;
    }
  }
  return '0 seconds';
}

const EXACT_STEPS = STEPS.filter(([name]) => name !== 'year' && name !== 'month');

/** Writes a limit for people without changing it: `180 days`, `36 hours`. Months and years are not whole days, and so are not used. */
export function formatExactDuration(seconds: number): string {
  const [name, size] = EXACT_STEPS.find(([, step]) => seconds >= step && seconds % step === 0) ?? ['second', 1];
  const count = seconds / size;
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
