import { lstatSync } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { entryPath } from '@mailwarden/inventory-fs';
import { RowsStay } from '@mailwarden/product-database';
import type { FoundItem } from './find-items.js';
import { FolderCache } from './folder-cache.js';
import type { IntendedMove, Journal } from '../journal/journal.js';
import type { Deleted } from '../outcome.js';
import type { HalfName, OtherHalf } from './other-half.js';
import { decoded, encoded, type PrivateFolders } from './private-folders.js';
import type { StepWatch } from '../rotate-request.js';

/** What carrying out batches of files needs. */
export interface FileWork {
  readonly folders: PrivateFolders;
  readonly journal: Journal;
  /** Null for stores without rows. */
  readonly otherHalf: OtherHalf | null;
  readonly watch: StepWatch;
}

export const moveOf = (item: FoundItem, n: number, root: number): IntendedMove => ({ n, root, folder: encoded(item.folder), name: encoded(item.name), dev: item.dev, ino: item.ino, size: item.size, mtimeMs: item.mtimeMs, bytes: item.bytes });

const halfOf = (work: FileWork, move: IntendedMove): HalfName => {
  const folder = decoded(move.folder);
  return { root: work.folders.at(move.root).root, path: `${folder === '' ? '' : `${folder}/`}${decoded(move.name)}` };
};

/** Sorted so that each folder is opened, and made to outlive a power cut, once. */
const byFolder = (moves: readonly IntendedMove[]): IntendedMove[] => [...moves].sort((a, b) => a.root - b.root || (a.folder < b.folder ? -1 : a.folder > b.folder ? 1 : a.n - b.n));

/** Moves planned files into our own folders. Whatever is no longer the planned file stays, and is counted. */
function takeIn(work: FileWork, moves: readonly IntendedMove[], deleted: Deleted): IntendedMove[] {
  const cache = new FolderCache();
  const taken: IntendedMove[] = [];
  try {
    for (const move of byFolder(moves)) {
      const own = work.folders.at(move.root);
      const place = cache.open(own.storeRoot, decoded(move.folder));
      const outcome = place === null ? 'vanished' : own.take(place, decoded(move.name), move.n, move);
      if (outcome === 'moved') {
        taken.push(move);
        cache.touch();
      } else deleted.skipped.set(outcome, (deleted.skipped.get(outcome) ?? 0) + 1);
    }
  } finally {
    cache.close();
  }
  work.folders.sync();
  return taken;
}

/** One announcement, one account. Errors: throws when the journal cannot be written or a half cannot leave; the next run of the order brings the batch to its end. */
export async function carryOutBatch(work: FileWork, moves: readonly IntendedMove[], deleted: Deleted): Promise<void> {
  work.watch('intent');
  work.journal.write({ kind: 'intent', moves });
  work.watch('taken');
  const taken = takeIn(work, moves, deleted);
  work.watch('moved');
  work.journal.write({ kind: 'moved', ns: taken.map((move) => move.n) });
  await finishBatch(work, taken, deleted);
}

function isThere(path: Buffer): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Moves whose name was not given to another file meanwhile: a row under such a name belongs to the new file. */
function stillNameless(work: FileWork, moves: readonly IntendedMove[]): IntendedMove[] {
  const cache = new FolderCache();
  try {
    return byFolder(moves).filter((move) => {
      const place = cache.open(work.folders.at(move.root).storeRoot, decoded(move.folder));
      return place === null || !isThere(entryPath(place, decoded(move.name)));
    });
  } finally {
    cache.close();
  }
}

/** From here on the batch only goes forward, unless its rows certainly stay: then the files come back to them. */
export async function finishBatch(work: FileWork, taken: readonly IntendedMove[], deleted: Deleted): Promise<void> {
  if (work.otherHalf !== null && taken.length > 0) {
    try {
      work.watch('rows');
      await work.otherHalf.remove(stillNameless(work, taken).map((move) => halfOf(work, move)));
    } catch (cause) {
      if (cause instanceof RowsStay) {
        work.journal.write({ kind: 'returning' });
        returnBatch(work, taken);
      }
      throw cause;
    }
  }
  work.watch('unlink');
  const held = new Map<number, ReadonlySet<number>>();
  for (const move of taken) {
    const own = work.folders.at(move.root);
    if (!held.has(move.root)) held.set(move.root, own.slots());
    if (held.get(move.root)?.has(move.n) === true) own.unlink(move.n);
  }
  work.watch('unlinked');
  work.folders.sync();
  work.watch('deleted');
  const bytes = taken.reduce((sum, move) => sum + move.bytes, 0);
  work.journal.write({ kind: 'deleted', items: taken.length, bytes });
  deleted.items += taken.length;
  deleted.bytes += bytes;
}

/** Gives back what is still in our own folders, and closes the batch. */
export function returnBatch(work: FileWork, moves: readonly IntendedMove[]): void {
  const cache = new FolderCache();
  const held = new Map<number, ReadonlySet<number>>();
  try {
    for (const move of byFolder(moves)) {
      const own = work.folders.at(move.root);
      if (!held.has(move.root)) held.set(move.root, own.slots());
      if (held.get(move.root)?.has(move.n) !== true) continue;
      const folder: BytePath = decoded(move.folder);
      own.putBack(cache.open(own.storeRoot, folder), decoded(move.name), move.n);
      cache.touch();
    }
  } finally {
    cache.close();
  }
  work.folders.sync();
  work.journal.write({ kind: 'returned' });
}
