import { RowsStay } from '@mailwarden/product-database';
import type { JournalRecord } from '../journal/journal.js';
import { packMoves, packPlaces, type IntendedMove } from '../journal/packed-moves.js';
import type { Deleted } from '../outcome.js';
import { giveBack, stillNameless } from './batch-places.js';
import { halfNameOf, type FileWork } from './file-work.js';
import { takeIn, type Halt } from './take-in.js';

/** A batch that came to its end, whose account is still to be written: it goes to disk together with the next announcement, or alone. */
export interface ClosedBatch {
  readonly account: Extract<JournalRecord, { kind: 'deleted' }>;
  readonly halt: Halt | null;
}

/**
 * One announcement, one account. `before` is the account of the batch before this one.
 * Errors: throws when the journal cannot be written or a half cannot leave; the next run of the order brings the batch to its end.
 */
export async function carryOutBatch(work: FileWork, moves: readonly IntendedMove[], before: ClosedBatch | null, deleted: Deleted, outOfPatience: () => string | null): Promise<ClosedBatch> {
  work.watch('intent');
  const intent = { kind: 'intent', first: moves[0]?.n ?? 0, count: moves.length, files: packMoves(moves).toString('base64') } as const;
  work.journal.write(...(before === null ? [] : [before.account]), intent);
  work.watch('taken');
  const taken = await takeIn(work, moves, deleted.skipped, outOfPatience);
  // Rows must never leave while a power cut could bring their files back. Files alone may come back: `resumeBatch` sees them, so where a sync is dear there is none here.
  if (work.otherHalf !== null || work.folders.areOrdered()) work.folders.sync();
  work.watch('moved');
  work.journal.write({ kind: 'moved', ours: packPlaces(taken.moves.map((move) => move.n - intent.first), moves.length).toString('base64'), ...(work.overwriter.isWanted ? { overwrite: true } : {}) });
  return { account: await finishBatch(work, taken.moves, deleted), halt: taken.halt };
}

async function removeRows(work: FileWork, taken: readonly IntendedMove[]): Promise<void> {
  if (work.otherHalf === null || taken.length === 0) return;
  try {
    work.watch('rows');
    await work.otherHalf.remove(stillNameless(work, taken).map((move) => halfNameOf({ ...move, root: work.folders.at(move.root).root })));
  } catch (cause) {
    if (cause instanceof RowsStay) {
      work.journal.write({ kind: 'returning' });
      returnBatch(work, taken);
    }
    throw cause;
  }
}

const byRoot = (moves: readonly IntendedMove[]): Map<number, IntendedMove[]> => Map.groupBy(moves, (move) => move.root);

/** From here on the batch only goes forward, unless its rows certainly stay: then the files come back to them. Returns its account, which is still to be written. */
export async function finishBatch(work: FileWork, taken: readonly IntendedMove[], deleted: Deleted): Promise<ClosedBatch['account']> {
  await removeRows(work, taken);
  work.watch('unlink');
  for (const [root, moves] of byRoot(taken)) {
    await work.overwriter.over(work.folders.at(root), moves);
    await work.remover.remove(work.folders.at(root), moves);
  }
  work.watch('unlinked');
  work.folders.sync();
  work.watch('deleted');
  const bytes = taken.reduce((sum, move) => sum + move.bytes, 0);
  deleted.items += taken.length;
  deleted.bytes += bytes;
  return { kind: 'deleted', items: taken.length, bytes };
}

/** Gives back what is still in our own folders, and closes the batch. */
export function returnBatch(work: FileWork, moves: readonly IntendedMove[]): void {
  giveBack(work, moves);
  work.journal.write({ kind: 'returned' });
}
