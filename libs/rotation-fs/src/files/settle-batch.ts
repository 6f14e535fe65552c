import type { Result } from '@mailwarden/kernel';
import { ok } from '@mailwarden/kernel';
import { finishBatch, returnBatch, type FileWork } from './file-batch.js';
import type { IntendedMove, JournalRecord } from '../journal/journal.js';
import type { Deleted } from '../outcome.js';

/** A batch that a crash left open. */
export interface OpenBatch {
  readonly moves: readonly IntendedMove[];
  /** Forward: its files are ours to delete. Back: they go back to their places. */
  readonly way: 'forward' | 'back';
}

/** Reads the journal for a batch that was never closed; null when all were. */
export function openBatchOf(records: readonly JournalRecord[]): OpenBatch | null {
  let moves = null as readonly IntendedMove[] | null;
  let way: OpenBatch['way'] = 'back';
  for (const record of records) {
    if (record.kind === 'intent') [moves, way] = [record.moves, 'back'];
    else if (record.kind === 'moved') {
      const ours = new Set(record.ns);
      [moves, way] = [(moves ?? []).filter((move) => ours.has(move.n)), 'forward'];
    } else if (record.kind === 'returning') way = 'back';
    else if (record.kind === 'deleted' || record.kind === 'returned') moves = null;
  }
  return moves === null ? null : { moves, way };
}

/** The first slot that no batch of the order has used yet. */
export const nextSlotOf = (records: readonly JournalRecord[]): number =>
  records.reduce((next, record) => (record.kind === 'intent' ? record.moves.reduce((most, move) => Math.max(most, move.n + 1), next) : next), 0);

/**
 * Finishes or takes back what a crash cut short, before anything new is begun.
 * Errors: why that cannot be done ever (our own folder is gone); throws when it cannot be done now (database away, journal not writable).
 */
export async function settleBatch(work: FileWork, open: OpenBatch | null, deleted: Deleted): Promise<Result<void, string>> {
  if (open === null) return ok(undefined);
  const reopened = work.folders.reopen([...new Set(open.moves.map((move) => move.root))]);
  if (!reopened.ok) return reopened;
  if (open.way === 'forward') await finishBatch(work, open.moves, deleted);
  else returnBatch(work, open.moves);
  return ok(undefined);
}
