import { closeSync, constants, fstatSync, openSync, type BigIntStats } from 'node:fs';
import { servedByOthers } from '../beneath.js';

const ROOT = 0n;
const OTHERS_WRITE = 0o022n;
/** In such a folder an entry is renamed by its owner alone, and anybody may lay a new one. Source: inode(7). */
const STICKY = 0o1000n;
/** A mere place: nothing is read, and no file server is asked. Source: open(2), O_PATH; Node has no name for it. */
const FOLDER = 0o10_000_000 | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Deeper than any path that the kernel takes. */
const FOLDERS_MAX = 2_048;

const isClosedTo = ({ uid, mode }: BigIntStats, owner: bigint, allowed: bigint): boolean => (uid === ROOT || uid === owner) && (mode & OTHERS_WRITE & ~allowed) === 0n;

/**
 * Whether nobody but root and one account can lay anything into an open folder, or put another folder in its place, or in the place of one above it, up to the root of all.
 * SQLite finds what lies beside a file by its whole path: whoever may exchange a folder on the way lays what it plays back.
 * Safety: from the folder upwards, by descriptor; what a file server of another account says of a folder counts for nothing, and what cannot be looked at is not closed.
 */
export function isClosedWay(folderFd: number, owner: number): boolean {
  let [current, below]: [number, BigIntStats | null] = [folderFd, null];
  try {
    for (let folders = 0; folders < FOLDERS_MAX; folders += 1) {
      if (servedByOthers(current)) return false;
      const found = fstatSync(current, { bigint: true });
      if (below !== null && found.dev === below.dev && found.ino === below.ino) return true;
      if (!isClosedTo(found, BigInt(owner), below !== null && (found.mode & STICKY) !== 0n ? OTHERS_WRITE : 0n)) return false;
      const above = openSync(`/proc/self/fd/${current}/..`, FOLDER);
      if (current !== folderFd) closeSync(current);
      [current, below] = [above, found];
    }
    return false;
  } catch {
    return false;
  } finally {
    if (current !== folderFd) closeSync(current);
  }
}
