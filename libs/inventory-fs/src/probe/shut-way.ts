import { closeSync, constants, openSync } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { entryPath, type Directory } from '../directory-descriptor.js';
import { isShut } from './closed-entry.js';

/** Opens an entry as a mere place: nothing is read, no pipe is waited for, and no program that serves it is asked. Source: open(2), O_PATH; Node has no name for it. */
const PLACE = 0o10_000_000 | constants.O_NOFOLLOW;

type Place = Pick<Directory, 'fd'>;

/** Null where there is none. */
function placeIn(folder: Place, name: BytePath, flags = PLACE): Place | null {
  try {
    return { fd: openSync(entryPath(folder, name), flags) };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
}

function isShutDown(root: Place, folders: readonly BytePath[], name: BytePath): boolean {
  let current = root;
  try {
    for (const [index, part] of [...folders, name].entries()) {
      if (!isShut(current.fd)) return false;
      const next = placeIn(current, part, index < folders.length ? PLACE | constants.O_DIRECTORY : PLACE);
      if (next === null) return true;
      if (current !== root) closeSync(current.fd);
      current = next;
    }
    return isShut(current.fd);
  } finally {
    if (current !== root) closeSync(current.fd);
  }
}

/**
 * Whether nobody but root, or the running account, could have made or changed what a path leads to below the host's root, or could do so now. What is missing is shut where the way down to it is:
 * nobody else took it away for the moment of the look, and nobody else can lay it there.
 * Safety: each folder is judged by the descriptor that the next one is opened through. What cannot be judged is not shut.
 */
export function isShutWay(root: Place, path: BytePath): boolean {
  const parts = path.split('/').filter((part) => part !== '');
  try {
    return isShutDown(root, parts.slice(0, -1), parts.at(-1) ?? '.');
  } catch {
    return false;
  }
}
