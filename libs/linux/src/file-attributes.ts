import { cText } from './c-bytes.js';
import { C_LIBRARY, errorName, lastError } from './c-library.js';

const list = C_LIBRARY.func('long flistxattr(int fd, uint8_t *names, size_t size)') as (fd: number, names: Uint8Array, size: number) => number;
const read = C_LIBRARY.func('long fgetxattr(int fd, const uint8_t *name, uint8_t *value, size_t size)') as (fd: number, name: Uint8Array, value: Uint8Array, size: number) => number;
const write = C_LIBRARY.func('int fsetxattr(int fd, const uint8_t *name, const uint8_t *value, size_t size, int flags)') as (fd: number, name: Uint8Array, value: Uint8Array, size: number, flags: number) => number;

/** The most that the kernel keeps of names, and of one value. Source: xattr(7). Units: bytes. */
const BYTES_MAX = 65_536;
/** Rights that a program would run with are no property of a log: they are never handed on. */
const NOT_HANDED_ON: ReadonlySet<string> = new Set(['security.capability', 'security.ima', 'security.evm']);
const NOT_THERE: ReadonlySet<string> = new Set(['EOPNOTSUPP', 'ENOTSUP', 'ENODATA']);

/**
 * Gives a file the extended attributes of another: its access list, its label, and what programs noted.
 * Returns null, or the kernel's name of the first error. Source: xattr(7).
 */
export function copyAttributes(from: number, to: number): string | null {
  const names = new Uint8Array(BYTES_MAX);
  const length = list(from, names, BYTES_MAX);
  if (length < 0) return refusal();
  const value = new Uint8Array(BYTES_MAX);
  for (const name of Buffer.from(names.subarray(0, length)).toString('latin1').split('\0')) {
    if (name === '' || NOT_HANDED_ON.has(name)) continue;
    const bytes = read(from, cText(name).bytes, value, BYTES_MAX);
    const failed = bytes < 0 || write(to, cText(name).bytes, value, bytes, 0) !== 0 ? refusal() : null;
    if (failed !== null) return failed;
  }
  return null;
}

function refusal(): string | null {
  const code = errorName(lastError());
  return NOT_THERE.has(code) ? null : code;
}
