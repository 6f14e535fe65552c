import { performance } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import type { SkipReason } from '@mailwarden/contracts';
import type { IntendedMove } from '../journal/packed-moves.js';
import { byFolder, type FileWork } from './file-work.js';
import { FolderCache } from './folder-cache.js';
import { outcomeOf, StoreInTrouble, type MoveOutcome } from './private-folder.js';

/** The process is held no longer than this at a time, so that a signal is heard between two items. Units: milliseconds. */
const TURN_MS = 20;

/** Why nothing more is taken: somebody or a bound ends the order, or the store's file system fails. */
export interface Halt {
  readonly outcome: 'stopped' | 'failed';
  readonly reason: string;
}

/** What became of the items of a batch that was announced. */
export interface TakenIn {
  /** What is ours to delete now, by folder. */
  readonly moves: readonly IntendedMove[];
  /** Why the rest of the batch was not even tried; null when all was. */
  readonly halt: Halt | null;
}

function takeOne(work: FileWork, cache: FolderCache, move: IntendedMove): MoveOutcome {
  const own = work.folders.at(move.root);
  const place = cache.open(own.storeRoot, move.folder);
  return place.ok ? own.take(place.value, move.name, move.n, move) : outcomeOf(place.error);
}

/**
 * Moves planned files into our own folders. Whatever is no longer the planned file stays, and is counted.
 * `outOfPatience` is asked between two items. Errors: throws when our own folder was removed or a file could not be put back; the batch then stays open.
 */
export async function takeIn(work: FileWork, moves: readonly IntendedMove[], skipped: Map<SkipReason, number>, outOfPatience: () => string | null): Promise<TakenIn> {
  const cache = new FolderCache();
  const taken: IntendedMove[] = [];
  let sinceMs = performance.now();
  try {
    for (const move of byFolder(moves)) {
      if (performance.now() - sinceMs > TURN_MS) {
        await turn();
        sinceMs = performance.now();
      }
      const stopped = outOfPatience();
      if (stopped !== null) return { moves: taken, halt: { outcome: 'stopped', reason: stopped } };
      const outcome = takeOne(work, cache, move);
      if (outcome === 'moved') taken.push(move);
      else skipped.set(outcome, (skipped.get(outcome) ?? 0) + 1);
    }
    return { moves: taken, halt: null };
  } catch (cause) {
    if (!(cause instanceof StoreInTrouble)) throw cause;
    return { moves: taken, halt: { outcome: 'failed', reason: cause.message } };
  } finally {
    cache.close();
  }
}
