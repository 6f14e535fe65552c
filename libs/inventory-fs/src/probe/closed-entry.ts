import { fstatSync, type Stats } from 'node:fs';
import { servedByOthers } from './served-by-others.js';

const ROOT = 0;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

const isOurs = ({ uid, mode }: Pick<Stats, 'uid' | 'mode'>, allowed: number): boolean => (uid === ROOT || uid === process.geteuid?.()) && (mode & OTHERS_WRITE & ~allowed) === 0;

/**
 * Whether nobody but root, or the running account, may change an open file or put another one into an open folder. In a folder with the sticky bit nobody replaces what is another's.
 * Safety: where a program of another account serves the file system, its word of owner and mode counts for nothing; it is asked for neither.
 */
export function isClosed(fd: number): boolean {
  if (servedByOthers(fd)) return false;
  const found = fstatSync(fd);
  return isOurs(found, found.isDirectory() && (found.mode & STICKY) !== 0 ? OTHERS_WRITE : 0);
}

/** The same, where also nobody else may make what is missing: the sticky bit keeps nobody from that. */
export const isShut = (fd: number): boolean => !servedByOthers(fd) && isOurs(fstatSync(fd), 0);
