import { RowsStay } from '@mailwarden/product-database';
import type { JournalRecord } from '../journal/journal.js';
import { packMoves, packPlaces, type IntendedMove } from '../journal/packed-moves.js';
import type { Deleted } from '../outcome.js';
import { NO_END, type Ending } from '../patience.js';
import { giveBack, giveSomeBack, stillNameless } from './batch-places.js';
import { halfNameOf, type FileWork } from './file-work.js';
import type { PrivateFolder } from './private-folder.js';
import { takeIn, type Halt } from './take-in.js';

/** A batch that came to its end, whose account is still to be written: it goes to disk together with the next announcement, or alone. */
export interface ClosedBatch {
  readonly account: Extract<JournalRecord, { kind: 'deleted' }>;
  readonly halt: Halt | null;
}

/**
 * One announcement, one account. `before` is the account of the batch before this one. A batch that is to end on its way gives back what is left of it.
 * Errors: throws when the journal cannot be written or a half cannot leave; the next run of the order brings the batch to its end.
 */
export async function carryOutBatch(work: FileWork, moves: readonly IntendedMove[], before: ClosedBatch | null, deleted: Deleted, ending: Ending): Promise<ClosedBatch> {
  work.watch('intent');
  const intent = { kind: 'intent', first: moves[0]?.n ?? 0, count: moves.length, files: packMoves(moves).toString('base64') } as const;
  work.journal.write(...(before === null ? [] : [before.account]), intent);
  work.watch('taken');
  const taken = await takeIn(work, moves, deleted.skipped, ending.stopped);
  // Rows must never leave while a power cut could bring their files back. Files alone may come back: `resumeBatch` sees them, so where a sync is dear there is none here.
  if (work.otherHalf !== null || work.folders.areOrdered()) work.folders.sync();
  work.watch('moved');
  work.journal.write({ kind: 'moved', ours: packPlaces(taken.moves.map((move) => move.n - intent.first), moves.length).toString('base64'), ...(work.overwriter.isWanted ? { overwrite: true } : {}) });
  const closed = await finishBatch(work, taken.moves, intent, deleted, ending);
  return { ...closed, halt: taken.halt ?? closed.halt };
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

/** Deletes taken files of one of our own folders. Returns what is left of them. */
async function removeIn(work: FileWork, own: PrivateFolder, moves: readonly IntendedMove[], ending: Ending): Promise<readonly IntendedMove[]> {
  const rest = await work.overwriter.over(own, moves, ending);
  // What was written over holds nothing that could be kept.
  const until = work.overwriter.writesIn(own) ? { ...ending, stopped: NO_END.stopped } : ending;
  return [...(await work.remover.remove(own, moves.slice(0, moves.length - rest.length), until)), ...rest];
}

/** Deletes what was taken in. Returns what is left of it, since the batch is to end; nothing where its rows have left. */
async function deleteTaken(work: FileWork, taken: readonly IntendedMove[], ending: Ending): Promise<readonly IntendedMove[]> {
  if (ending.stopped() !== null) return taken;
  await removeRows(work, taken);
  work.watch('unlink');
  const until = work.otherHalf === null ? ending : { ...ending, stopped: NO_END.stopped };
  const left: IntendedMove[] = [];
  for (const [root, moves] of byRoot(taken)) left.push(...(await removeIn(work, work.folders.at(root), moves, until)));
  return left;
}

/** From here on the batch only goes forward, unless its rows certainly stay or it is to end: then files come back. Returns its account, which is still to be written, and why it ended. */
export async function finishBatch(work: FileWork, taken: readonly IntendedMove[], places: { readonly first: number; readonly count: number }, deleted: Deleted, ending: Ending): Promise<ClosedBatch> {
  const left = new Set(await deleteTaken(work, taken, ending));
  work.watch('unlinked');
  work.folders.sync();
  giveSomeBack(work, [...left], places);
  work.watch('deleted');
  const gone = left.size === 0 ? taken : taken.filter((move) => !left.has(move));
  const bytes = gone.reduce((sum, move) => sum + move.bytes, 0);
  deleted.items += gone.length;
  deleted.bytes += bytes;
  return { account: { kind: 'deleted', items: gone.length, bytes }, halt: left.size === 0 ? null : { outcome: 'stopped', reason: ending.stopped() ?? '' } };
}

/** Gives back what is still in our own folders, and closes the batch. */
export function returnBatch(work: FileWork, moves: readonly IntendedMove[]): void {
  giveBack(work, moves);
  work.journal.write({ kind: 'returned' });
}
