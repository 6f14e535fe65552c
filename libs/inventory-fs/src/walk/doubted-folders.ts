import type { BytePath } from '@mailwarden/inventory';
import type { HostMemory } from '../memory/host-memory.js';
import { missingKey, type MissingNames } from './linked-names.js';
import type { MergedWalk } from './merged-walk.js';

/**
 * Folders that were taken from memory and may hold the other name of a file that got one since: nothing but the file itself shows it.
 * A file whose other names were looked for before, and lie in no store, is not looked for again.
 */
export function doubtedFolders(memory: HostMemory, { memory: found, missing }: Pick<MergedWalk, 'memory' | 'missing'>): BytePath[] {
  const doubted = found.flatMap((place) => place.doubted);
  const sought = missing.filter((file) => !memory.isElsewhere(missingKey(file)));
  if (sought.length === 0) return doubted;
  const fromMemory = found.flatMap(({ kept, lookedInto }) => [...kept, ...lookedInto]);
  return [...doubted, ...fromMemory.filter((path) => mayHold(memory, path, sought))];
}

function mayHold(memory: HostMemory, path: BytePath, sought: readonly MissingNames[]): boolean {
  const record = memory.index.recordOf(path);
  if (record === null || record.inodes === null) return false;
  const [lowest, highest] = record.inodes;
  return sought.some(({ dev, ino }) => dev === record.dev && ino >= lowest && ino <= highest && record.watched?.includes(ino) !== true);
}
