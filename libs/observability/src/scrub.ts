import { plainError, plainText } from './plain-error.js';

/** How names of members end that never reach a log line, however deep they stand and however they are written: they hold letters' contents, persons or secrets. */
export const REDACTED_KEYS = [
  'password', 'passwd', 'token', 'secret', 'creds', 'credential', 'authorization', 'cookie', 'signature', 'seed', 'privateKey', 'apiKey', 'signingKey', 'hashKey',
  'subjectLine', 'body', 'address', 'addresses', 'email', 'sender', 'recipient', 'recipients', 'mailFrom', 'rcptTo', 'fileName', 'fileNames', 'path', 'paths', 'rows', 'parameters',
] as const;
export const CENSOR = '[redacted]';

const FORBIDDEN: readonly string[] = REDACTED_KEYS.map((key) => key.toLowerCase());
const DEPTH_MAX = 6;
const ITEMS_MAX = 100;
const UNREADABLE = '[unreadable]';

const plainKey = (key: string): string => key.toLowerCase().replaceAll(/[_.-]/g, '');
const isForbidden = (key: string): boolean => {
  const plain = plainKey(key);
  return FORBIDDEN.some((ending) => plain.endsWith(ending));
};

/** A member that cannot be read says so, and the line is written all the same. */
function memberOf(value: object, key: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[key];
  } catch {
    return UNREADABLE;
  }
}

/** A copy that may be logged: paths and addresses of mail are cut out of every text, and of names. What is deeper or longer than a log line should be is left out. */
export function scrubbed(value: unknown, depth = 0): unknown {
  if (value instanceof Error) return plainError(value);
  if (typeof value === 'string') return plainText(value);
  // A function is asked when the copy is written, if it is called `toJSON`.
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return '[bytes]';
  if (depth >= DEPTH_MAX) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map((item) => scrubbed(item, depth + 1));
  return Object.fromEntries(Object.keys(value).slice(0, ITEMS_MAX).map((key) => [plainText(key), isForbidden(key) ? CENSOR : scrubbed(memberOf(value, key), depth + 1)]));
}
