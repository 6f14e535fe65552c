import type { LimitKind, StatedLimit } from '@mailwarden/contracts';
import { formatByteCount, formatExactDuration } from '@mailwarden/kernel';

/** A whole number with a thin space between thousands: `18 204`. */
export function groupedCount(value: number): string {
  const [whole = '0', fraction] = String(value).split('.');
  const grouped = whole.replaceAll(/\B(?=(?:\d{3})+(?!\d))/g, '\u202f');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `1 server`, `18 204 servers`. */
export const countOf = (value: number, one: string, many = `${one}s`): string => `${groupedCount(value)} ${value === 1 ? one : many}`;

/** The exact value behind a rounded size, for hovering and copying. */
export const exactBytes = (bytes: number): string => countOf(bytes, 'byte');

/** A value of a limit in its own unit. Units: those of the limit's kind. */
export function limitValue(kind: LimitKind, value: number): string {
  switch (kind) {
    case 'bytes':
      return formatByteCount(value);
    case 'age':
      return formatExactDuration(value);
    case 'records':
      return countOf(value, 'record');
    case 'inodes':
      return countOf(value, 'entry', 'entries');
    case 'free-space':
      return `${value} % free`;
  }
}

export function exactLimitValue(kind: LimitKind, value: number): string {
  if (kind === 'bytes') return exactBytes(value);
  return kind === 'age' ? countOf(value, 'second') : limitValue(kind, value);
}

/** The source's own words; a bare number gets its unit, and long numbers their groups. */
export const limitWords = ({ kind, value, written }: Pick<StatedLimit, 'kind' | 'value' | 'written'>): string => (/^(?:\d+(?:\.\d+)?)?(?: ?records)?$/.test(written) ? limitValue(kind, value) : written);

/** The first few of a list in words: `root, kluser and 3 more`. */
export const someOf = (names: readonly string[], most: number): string => (names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`);
