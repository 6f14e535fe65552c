import { plainError } from './plain-error.js';

/** Members that never reach a log line, however deep they stand and however they are written: they hold letters' contents, persons or secrets. */
export const REDACTED_KEYS = ['password', 'token', 'secret', 'creds', 'authorization', 'cookie', 'signature', 'seed', 'privateKey', 'subjectLine', 'address', 'fileName', 'path', 'rows', 'parameters'] as const;
export const CENSOR = '[redacted]';

const FORBIDDEN: ReadonlySet<string> = new Set(REDACTED_KEYS.map((key) => key.toLowerCase()));
const DEPTH_MAX = 6;
const ITEMS_MAX = 100;

const plainKey = (key: string): string => key.toLowerCase().replaceAll(/[_-]/g, '');

/** A copy that may be logged. What is deeper than a log line should be is left out. */
export function scrubbed(value: unknown, depth = 0): unknown {
  if (value instanceof Error) return plainError(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return '[bytes]';
  if (depth >= DEPTH_MAX) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map((item) => scrubbed(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, FORBIDDEN.has(plainKey(key)) ? CENSOR : scrubbed(member, depth + 1)]));
}
