import { FolderHand } from '@mailwarden/linux';
import { packPlaces, type IntendedMove } from '../journal/packed-moves.js';
import { byFolder, type FileWork } from './file-work.js';
import { FolderCache } from './folder-cache.js';
import { outcomeOf } from './private-folder.js';

/** Moves of which something is true in the folder that they were taken from. */
export function lookedAt(work: Pick<FileWork, 'folders'>, moves: readonly IntendedMove[], isTrue: (fd: number, move: IntendedMove) => boolean, ofNoFolder: boolean): IntendedMove[] {
  const cache = new FolderCache();
  try {
    return byFolder(moves).filter((move) => {
      const place = cache.open(work.folders.at(move.root).storeRoot, move.folder);
      return place.ok ? isTrue(place.value.fd, move) : ofNoFolder;
    });
  } finally {
    cache.close();
  }
}

/** Moves whose name was not given to another file meanwhile: a row under such a name belongs to the new file. */
export function stillNameless(work: Pick<FileWork, 'folders'>, moves: readonly IntendedMove[]): IntendedMove[] {
  const hand = new FolderHand();
  return lookedAt(work, moves, (fd, move) => hand.look(fd, move.name) !== 0, true);
}

/** Moves whose files lie in our own folders now. */
export function stillOurs(work: Pick<FileWork, 'folders'>, moves: readonly IntendedMove[]): IntendedMove[] {
  const slots = new Map([...new Set(moves.map((move) => move.root))].map((root) => [root, work.folders.at(root).slots()]));
  return moves.filter((move) => slots.get(move.root)?.has(move.n) === true);
}

/** Gives back what of these moves is still in our own folders, and makes it outlive a power cut. Errors: throws where nothing could be given back. */
export function giveBack(work: Pick<FileWork, 'folders'>, moves: readonly IntendedMove[]): void {
  const cache = new FolderCache();
  try {
    for (const move of byFolder(stillOurs(work, moves))) {
      const own = work.folders.at(move.root);
      const folder = cache.open(own.storeRoot, move.folder);
      if (!folder.ok) outcomeOf(folder.error); // Gone is one thing; out of descriptors is another.
      own.putBack(folder.ok ? folder.value : null, move.name, move.n);
    }
  } finally {
    cache.close();
  }
  work.folders.sync();
}

/** Gives back some of a batch of which the rest goes forward. Announced before the first goes back, so that a crash in between leaves nobody in doubt. */
export function giveSomeBack(work: Pick<FileWork, 'folders' | 'journal' | 'watch'>, moves: readonly IntendedMove[], { first, count }: { readonly first: number; readonly count: number }): void {
  if (moves.length === 0) return;
  work.journal.write({ kind: 'returning', places: packPlaces(moves.map((move) => move.n - first), count).toString('base64') });
  work.watch('returning');
  giveBack(work, moves);
}
