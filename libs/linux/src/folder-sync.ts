import { C_LIBRARY, lastError } from './c-library.js';
import { kernelError } from './folder-reader.js';

const fsync = C_LIBRARY.func('int fsync(int fd)') as (fd: number) => number;
const syncfs = C_LIBRARY.func('int syncfs(int fd)') as (fd: number) => number;

/** What was done to an open file or folder outlives a power cut once this returns. Errors: throws with the kernel's name of the error as `code`. Source: fsync(2). */
export function syncDescriptor(fd: number): void {
  if (fsync(fd) !== 0) throw kernelError('what was done could not be made to outlive a power cut', lastError());
}

/** The same for the whole file system that an open file or folder lies in; it waits for what everybody else wrote there, too. Errors: as above. Source: syncfs(2). */
export function syncFileSystem(fd: number): void {
  if (syncfs(fd) !== 0) throw kernelError('what was done could not be made to outlive a power cut', lastError());
}
