import type { Result } from '@mailwarden/kernel';
import { ok } from '@mailwarden/kernel';
import type { JournalRecord } from '../journal/journal.js';
import { isPacked, unpackMoves, type IntendedMove } from '../journal/packed-moves.js';
import type { Deleted } from '../outcome.js';
import { resumeBatch, returnBatch } from './file-batch.js';
import type { FileWork } from './file-work.js';

/** A batch that a crash left open. */
export interface OpenBatch {
  readonly moves: readonly IntendedMove[];
  /** Forward: its files are ours to delete. Back: they go back to their places. */
  readonly way: 'forward' | 'back';
}

/** Reads the journal for a batch that was never closed; null when all were. */
export function openBatchOf(records: readonly JournalRecord[]): OpenBatch | null {
  const begin = records.findLastIndex((record) => record.kind === 'intent');
  const intent = records[begin];
  const since = records.slice(begin + 1);
  if (intent?.kind !== 'intent' || since.some(({ kind }) => kind === 'deleted' || kind === 'returned')) return null;
  const moves = unpackMoves(Buffer.from(intent.files, 'base64'), intent.first);
  const moved = since.find((record) => record.kind === 'moved');
  if (moved === undefined) return { moves, way: 'back' };
  const ours = Buffer.from(moved.ours, 'base64');
  return { moves: moves.filter((_move, place) => isPacked(ours, place)), way: since.some(({ kind }) => kind === 'returning') ? 'back' : 'forward' };
}

/** The first slot that no batch of the order has used yet. */
export const nextSlotOf = (records: readonly JournalRecord[]): number => records.reduce((next, record) => (record.kind === 'intent' ? Math.max(next, record.first + record.count) : next), 0);

/**
 * Finishes or takes back what a crash cut short, before anything new is begun.
 * Errors: why that cannot be done ever (our own folder is gone); throws when it cannot be done now (database away, journal not writable).
 */
export async function settleBatch(work: FileWork, open: OpenBatch | null, deleted: Deleted): Promise<Result<void, string>> {
  if (open === null) return ok(undefined);
  const reopened = work.folders.reopen([...new Set(open.moves.map((move) => move.root))]);
  if (!reopened.ok) return reopened;
  const moves = onDevicesOfNow(work, open.moves);
  if (open.way === 'forward') await resumeBatch(work, moves, deleted);
  else returnBatch(work, moves);
  return ok(undefined);
}

/** After a restart a file system may have another number. What was taken in lies where our own folder lies, whose number is known. */
const onDevicesOfNow = (work: FileWork, moves: readonly IntendedMove[]): IntendedMove[] => moves.map((move) => ({ ...move, dev: work.folders.at(move.root).identity.dev }));
