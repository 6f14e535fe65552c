import { C_LIBRARY, errorName, lastError } from './c-library.js';

const readByPath = C_LIBRARY.func('long lgetxattr(const uint8_t *path, const char *name, _Out_ uint8_t *value, size_t size)') as (path: Uint8Array, name: string, value: Uint8Array, size: number) => number;

/** The largest value that the kernel keeps. Source: xattr(7). Units: bytes. */
const VALUE_BYTES_MAX = 65_536;
const buffer = new Uint8Array(VALUE_BYTES_MAX);
/** No such attribute, or a file system that has none. */
const NONE: ReadonlySet<string> = new Set(['ENODATA', 'EOPNOTSUPP', 'ENOTSUP']);

/**
 * One extended attribute of an entry itself, links not followed; null where there is none.
 * `path` ends with a NUL byte. Errors: throws with the kernel's name of the error as `code`.
 */
export function readExtendedAttribute(path: Uint8Array, name: string): Buffer | null {
  const length = readByPath(path, name, buffer, VALUE_BYTES_MAX);
  if (length >= 0) return Buffer.from(buffer.subarray(0, length));
  const code = errorName(lastError());
  if (NONE.has(code)) return null;
  throw Object.assign(new Error(`the attribute ${name} could not be read (${code})`), { code });
}
