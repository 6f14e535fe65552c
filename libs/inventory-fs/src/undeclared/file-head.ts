import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { HEAD_BYTES, type BytePath } from '@mailwarden/inventory';
import { entryPath, type Directory } from '../directory-descriptor.js';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const OTHERS_READ = 0o004;

/** Reading should leave no trace in the file's times; only its owner and the super-user may ask for that. */
function opened(path: Buffer): number {
  try {
    return openSync(path, FLAGS | constants.O_NOATIME);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EPERM') throw cause;
    return openSync(path, FLAGS);
  }
}

/**
 * The beginning of a regular file that everyone may read; null where it is none, or is gone.
 * Safety: through the folder's descriptor, following nothing, waiting for nothing; who may read it is asked of what was opened, so that nothing put in its place meanwhile is read with the rights of this process.
 */
export function publicHead(folder: Directory, name: BytePath): Uint8Array | null {
  let fd: number | null = null;
  try {
    fd = opened(entryPath(folder, name));
    const stat = fstatSync(fd);
    if (!stat.isFile() || (stat.mode & OTHERS_READ) === 0) return null;
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, readSync(fd, head, 0, HEAD_BYTES, 0));
  } catch {
    return null;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}
