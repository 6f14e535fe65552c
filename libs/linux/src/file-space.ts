import { C_LIBRARY, errorName, lastError } from './c-library.js';

const allocate = C_LIBRARY.func('int fallocate(int fd, int mode, int64_t offset, int64_t length)') as (fd: number, mode: number, offset: number, length: number) => number;

/** Source: linux/falloc.h. */
const COLLAPSE_RANGE = 0x08;

/**
 * Takes whole blocks out of a file: what lies behind them moves up, and whoever appends goes on at the new end. Both ends stand on blocks of the file system, and something stays behind them.
 * Returns null, or the kernel's name of why not: `EOPNOTSUPP` where the file system cannot, `EINVAL` where it asks for larger blocks.
 * Safety: a process cannot be ended in the middle of it. Source: fallocate(2), FALLOC_FL_COLLAPSE_RANGE.
 */
export const collapseRange = (fd: number, offset: number, length: number): string | null => (allocate(fd, COLLAPSE_RANGE, offset, length) === 0 ? null : errorName(lastError()));
