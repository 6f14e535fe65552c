import { closeSync, constants, lstatSync, openSync, type Stats } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import type { BytePath } from '@mailwarden/inventory';
import { statEntry, type Directory } from './directory-descriptor.js';

/** Opens a folder as a mere place, also one that may be entered but not read. Source: open(2), O_PATH; Node has no name for it. */
const O_PATH = 0o10_000_000;
const PLACE = O_PATH | constants.O_DIRECTORY;
const ROOT = '/';
const PLAIN = /^[\x01-\x7f]*$/;

const enter = (fd: number): void => process.chdir(`/proc/self/fd/${fd}`);

/** Steps into the folder, and returns where the process stood; null when it cannot step in, and stands where it stood. */
function stepInto(directory: Pick<Directory, 'fd'>): number | null {
  if (!isMainThread) return null; // A thread cannot stand in a folder of its own.
  let before: number | null = null;
  try {
    before = openSync('.', PLACE);
    enter(directory.fd);
    return before;
  } catch {
    if (before !== null) closeSync(before);
    return null; // It may be listed, not entered: then its entries cannot be looked at either way.
  }
}

function stepBack(before: number): void {
  try {
    enter(before);
  } catch {
    process.chdir(ROOT); // The place it stood in was closed meanwhile. A folder of a host is no place to stay in.
  } finally {
    closeSync(before);
  }
}

/**
 * Looks at entries of one folder while standing in it, which costs the kernel a third of the way to each of them through /proc.
 * The process stands where it stood before as soon as `work` returns or throws; the place is kept by descriptor, so it may have been renamed meanwhile.
 * Safety: the folder is entered by its descriptor, so nobody can swap it. `work` must not wait, and nothing in the process may name a file by a relative path while a scan runs: requests in the thread pool and other threads would mean another file.
 */
export function withinDirectory<T>(directory: Directory, work: (stat: (name: BytePath) => Stats) => T): T {
  const before = stepInto(directory);
  if (before === null) return work((name) => statEntry(directory, name));
  try {
    return work((name) => lstatSync(PLAIN.test(name) ? name : Buffer.from(name, 'latin1')));
  } finally {
    stepBack(before);
  }
}
