import { formatByteCount } from '@mailwarden/kernel';
import { binarySize } from './time-span.js';

/** What a block of logrotate's configuration is carried out with. Sizes in bytes. */
export interface LogrotateSettings {
  /** Null where a size decides, not the calendar. */
  readonly period: Period | null;
  /** Rotate above this size, whatever the day; counts only without a period. */
  readonly size: number;
  readonly maxSize: number | null;
  readonly minSize: number | null;
  /** Generations kept; -1 for all. */
  readonly keep: number;
  readonly maxAgeDays: number | null;
  readonly compress: boolean;
  readonly dateExt: boolean;
  readonly copyTruncate: boolean;
  readonly notIfEmpty: boolean;
}

export const PERIOD_SECONDS = { hourly: 3_600, daily: 86_400, weekly: 604_800, monthly: 31 * 86_400, yearly: 366 * 86_400 } as const;
export type Period = keyof typeof PERIOD_SECONDS;

/** What holds where nothing is said. Source: logrotate.c, `defConfig`. */
export const LOGROTATE_DEFAULTS: LogrotateSettings = { period: null, size: 2 ** 20, maxSize: null, minSize: null, keep: 0, maxAgeDays: null, compress: false, dateExt: false, copyTruncate: false, notIfEmpty: false };

const isPeriod = (word: string): word is Period => Object.hasOwn(PERIOD_SECONDS, word);
const WHOLE = /^-?\d{1,9}$/;
const whole = (text: string): number | null => (WHOLE.test(text) ? Number(text) : null);

const SWITCHES: Readonly<Record<string, Partial<LogrotateSettings>>> = {
  compress: { compress: true },
  nocompress: { compress: false },
  dateext: { dateExt: true },
  nodateext: { dateExt: false },
  copytruncate: { copyTruncate: true },
  nocopytruncate: { copyTruncate: false },
  notifempty: { notIfEmpty: true },
  ifempty: { notIfEmpty: false },
};

type Meaning = (argument: string) => Partial<LogrotateSettings> | null;
const sized = (of: (bytes: number) => Partial<LogrotateSettings>): Meaning => (argument) => {
  const bytes = binarySize(argument);
  return bytes === null ? null : of(bytes);
};

const WITH_ARGUMENT: Readonly<Record<string, Meaning>> = {
  size: sized((size) => ({ size, period: null })), // The last of a size and a period counts.
  maxsize: sized((maxSize) => ({ maxSize })),
  minsize: sized((minSize) => ({ minSize })),
  rotate: (argument) => {
    const keep = whole(argument);
    return keep === null ? null : { keep: Math.max(-1, keep) };
  },
  maxage: (argument) => {
    const days = whole(argument);
    return days === null ? null : { maxAgeDays: days };
  },
};

/** Settings after one directive; the same ones where it does not bear on when and how much is kept; null where its argument cannot be read. */
export function afterDirective(settings: LogrotateSettings, name: string, argument: string): LogrotateSettings | null {
  if (isPeriod(name)) return { ...settings, period: name };
  if (Object.hasOwn(SWITCHES, name)) return { ...settings, ...SWITCHES[name] };
  const meaning = Object.hasOwn(WITH_ARGUMENT, name) ? WITH_ARGUMENT[name] : undefined;
  if (meaning === undefined) return settings;
  const change = meaning(argument);
  return change === null ? null : { ...settings, ...change };
}

function keptWords({ keep }: LogrotateSettings): string {
  return keep === -1 ? 'keeps every generation' : keep === 0 ? 'keeps no generation' : `keeps ${keep}`;
}

/** `weekly, keeps 4, compresses`. */
export function logrotateWords(settings: LogrotateSettings): string {
  const { period, size, minSize, maxSize, maxAgeDays } = settings;
  return [
    period ?? `above ${formatByteCount(size)}`,
    ...(period !== null && minSize !== null ? [`from ${formatByteCount(minSize)}`] : []),
    ...(period !== null && maxSize !== null ? [`earlier above ${formatByteCount(maxSize)}`] : []),
    keptWords(settings),
    ...(maxAgeDays === null ? [] : [`for ${maxAgeDays} days at most`]),
    ...(settings.compress ? ['compresses'] : []),
    ...(settings.dateExt ? ['names them by date'] : []),
    ...(settings.copyTruncate ? ['copies and empties the file'] : []),
  ].join(', ');
}
