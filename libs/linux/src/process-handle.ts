import { constants } from 'node:os';
import { C_LIBRARY, errorName, lastError } from './c-library.js';

const call = C_LIBRARY.func('long syscall(long number, long first, long second, long third, long fourth)') as (number: number, first: number, second: number, third: number, fourth: number) => number;

/** The same on every architecture. Source: asm-generic/unistd.h. */
const PIDFD_OPEN = 434;
const PIDFD_SEND_SIGNAL = 424;

/**
 * A descriptor that stands for one process, whoever gets its number later; the caller closes it.
 * Errors: throws with the kernel's name of the error as `code`. Source: pidfd_open(2).
 */
export function openProcess(pid: number): number {
  const fd = call(PIDFD_OPEN, pid, 0, 0, 0);
  if (fd >= 0) return fd;
  const code = errorName(lastError());
  throw Object.assign(new Error(`the process could not be opened (${code})`), { code });
}

/** Signals the process behind such a descriptor. Returns null, or the kernel's name of why not. Source: pidfd_send_signal(2). */
export const signalProcess = (fd: number, signal: 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2'): string | null => (call(PIDFD_SEND_SIGNAL, fd, constants.signals[signal], 0, 0) === 0 ? null : errorName(lastError()));
