import type { Stats } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, entryNames, openChildDirectory, openDirectoryBeneath, statEntry, type Directory, type OpenError } from './directory-descriptor.js';

/** Folders are open while they are walked, one for each level: this bounds the descriptors. */
export const DEPTH_MAX = 128;

/** What a walk finds. Paths are bytes, absolute below the host's root. */
export interface Visitor {
  file(path: BytePath, name: BytePath, stat: Stats, folder: Directory): void;
  folder(path: BytePath, rights: { uid: number; gid: number; mode: number }): void;
  /** An entry that is passed over, with its reason. */
  passedOver(path: BytePath, reason: PassedOver): void;
  /** Folders above the place where the walk began. */
  above?(path: BytePath, chain: readonly { uid: number; gid: number; mode: number }[]): void;
}

export type PassedOver = 'not-a-regular-file' | 'other-file-system' | 'permission-denied' | 'io-error' | 'too-deep' | 'vanished';

/** Folders with this beginning and an order's id are the executor's own, for entries on their way out. Nothing else hides behind the name: no file, and no folder that others may enter. */
export const PRIVATE_FOLDER_PREFIX = '.mailwarden-';
const ORDER_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const isPrivateFolder = (name: BytePath, stat: Stats): boolean => stat.isDirectory() && name.startsWith(PRIVATE_FOLDER_PREFIX) && ORDER_ID.test(name.slice(PRIVATE_FOLDER_PREFIX.length)) && (stat.mode & 0o077) === 0;

const REASONS: Readonly<Record<OpenError, PassedOver>> = { absent: 'vanished', 'not-a-folder': 'not-a-regular-file', 'other-file-system': 'other-file-system', 'permission-denied': 'permission-denied', 'io-error': 'io-error' };

/** Reading yields to others after so many entries, so that a large store does not hold the process. */
const ENTRIES_PER_TURN = 20_000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Level {
  readonly directory: Directory;
  readonly path: BytePath;
  readonly names: BytePath[];
  next: number;
}

/**
 * Visits everything below one folder, through descriptors, without following links or crossing mounts.
 * Errors: why the folder itself cannot be walked; trouble below it goes to `passedOver`.
 */
export async function walk(root: Directory, start: BytePath, visitor: Visitor): Promise<OpenError | null> {
  const beneath = openDirectoryBeneath(root, start);
  if (!beneath.ok) return beneath.error;
  visitor.above?.(start, beneath.value.chain);
  const levels: Level[] = [];
  try {
    enter(levels, beneath.value.directory, start === '/' ? '' : start, visitor);
    let seen = 0;
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const name = level.names[level.next];
      level.next += 1;
      if (name === undefined) {
        closeDirectory(level.directory);
        levels.pop();
        continue;
      }
      visit(levels, level, name, visitor);
      seen += 1;
      if (seen % ENTRIES_PER_TURN === 0) await turn();
    }
    return null;
  } finally {
    for (const level of levels) closeDirectory(level.directory);
  }
}

function enter(levels: Level[], directory: Directory, path: BytePath, visitor: Visitor): void {
  visitor.folder(path, directory);
  let names: BytePath[] = [];
  try {
    names = entryNames(directory);
  } catch (cause) {
    visitor.passedOver(path, (cause as NodeJS.ErrnoException).code === 'EACCES' ? 'permission-denied' : 'io-error');
  }
  levels.push({ directory, path, names, next: 0 });
}

function visit(levels: Level[], level: Level, name: BytePath, visitor: Visitor): void {
  const path = `${level.path}/${name}`;
  let stat: Stats;
  try {
    stat = statEntry(level.directory, name);
  } catch (cause) {
    return visitor.passedOver(path, (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'vanished' : 'io-error');
  }
  if (isPrivateFolder(name, stat)) return;
  if (stat.isFile()) return visitor.file(path, name, stat, level.directory);
  if (!stat.isDirectory()) return visitor.passedOver(path, 'not-a-regular-file');
  if (levels.length >= DEPTH_MAX) return visitor.passedOver(path, 'too-deep');
  const child = openChildDirectory(level.directory, name);
  if (child.ok) enter(levels, child.value, path, visitor);
  else visitor.passedOver(path, REASONS[child.error]);
}
