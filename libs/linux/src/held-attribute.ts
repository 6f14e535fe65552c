import { C_LIBRARY, errorName, lastError } from './c-library.js';
import { kernelError } from './folder-reader.js';

const setByPath = C_LIBRARY.func('int setxattr(const uint8_t *path, const char *name, const uint8_t *value, size_t size, int flags)') as (path: Uint8Array, name: string, value: Uint8Array, size: number, flags: number) => number;
const getByPath = C_LIBRARY.func('long getxattr(const uint8_t *path, const char *name, uint8_t *value, size_t size)') as (path: Uint8Array, name: string, value: Uint8Array, size: number) => number;
const removeByPath = C_LIBRARY.func('int removexattr(const uint8_t *path, const char *name)') as (path: Uint8Array, name: string) => number;
/** The largest value that the kernel keeps. Source: xattr(7). Units: bytes. */
const VALUE_BYTES_MAX = 65_536;
/** No such attribute, or a file system that has none. */
const NONE: ReadonlySet<string> = new Set(['ENODATA', 'EOPNOTSUPP', 'ENOTSUP']);
const value = new Uint8Array(VALUE_BYTES_MAX);

/** The entry that a descriptor holds, also one that was opened as a mere place: no name is looked up, so nobody can swap it. */
const held = (fd: number): Uint8Array => Buffer.from(`/proc/self/fd/${fd}\0`, 'latin1');

/** One attribute of the entry that a descriptor holds; null where there is none. Errors: throws with the kernel's name of the error as `code`. Source: getxattr(2). */
export function heldAttribute(fd: number, name: string): Buffer | null {
  const length = getByPath(held(fd), name, value, VALUE_BYTES_MAX);
  if (length >= 0) return Buffer.from(value.subarray(0, length));
  const number = lastError();
  if (NONE.has(errorName(number))) return null;
  throw kernelError(`the attribute ${name} could not be read`, number);
}

/** Sets one attribute of the entry that a descriptor holds; null takes it away. Errors: throws with the kernel's name of the error as `code`. Source: setxattr(2), removexattr(2). */
export function changeAttribute(fd: number, name: string, wanted: Uint8Array | null): void {
  if (wanted !== null) {
    if (setByPath(held(fd), name, wanted, wanted.length, 0) !== 0) throw kernelError(`the attribute ${name} could not be set`, lastError());
    return;
  }
  if (removeByPath(held(fd), name) === 0) return;
  const number = lastError();
  if (!NONE.has(errorName(number))) throw kernelError(`the attribute ${name} could not be taken away`, number);
}
