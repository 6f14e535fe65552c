import { C_LIBRARY, lastError } from './c-library.js';
import { kernelError } from './folder-reader.js';

const unshare = C_LIBRARY.func('int unshare(int what)') as (what: number) => number;
const changeFolder = C_LIBRARY.func('int fchdir(int fd)') as (fd: number) => number;
/** Source: sched.h. */
const CLONE_FS = 0x200;

/**
 * Gives the calling thread a working folder of its own: where it stands is then nothing to the rest of the process. It needs no right.
 * False where the kernel refuses; then the thread must stand nowhere. Source: unshare(2), CLONE_FS. It also takes the umask along, which is the thread's own from then on.
 */
export const haveOwnWorkingFolder = (): boolean => unshare(CLONE_FS) === 0;

/** Lets the calling thread stand in an open folder. Safety: only for a thread with a working folder of its own. Errors: throws with the kernel's name of the error as `code`. */
export function standIn(fd: number): void {
  if (changeFolder(fd) !== 0) throw kernelError('the folder could not be entered', lastError());
}
