import { C_LIBRARY, errorName, lastError } from './c-library.js';

const lock = C_LIBRARY.func('int flock(int fd, int operation)') as (fd: number, operation: number) => number;

/** Source: sys/file.h. */
const EXCLUSIVE = 2;
const NOT_WAITING = 4;

/**
 * Takes the lock of an open file for this process, until its descriptor is closed. False where somebody else has it.
 * Errors: throws with the kernel's name of the error as `code`. Source: flock(2).
 */
export function lockFile(fd: number): boolean {
  if (lock(fd, EXCLUSIVE | NOT_WAITING) === 0) return true;
  const code = errorName(lastError());
  if (code === 'EAGAIN' || code === 'EWOULDBLOCK') return false;
  throw Object.assign(new Error(`the file could not be locked (${code})`), { code });
}
