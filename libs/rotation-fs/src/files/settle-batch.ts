import { ok, type Result } from '@mailwarden/kernel';
import type { JournalRecord } from '../journal/journal.js';
import type { IntendedMove } from '../journal/packed-moves.js';
import type { Deleted } from '../outcome.js';
import { returnBatch } from './file-batch.js';
import type { FileWork } from './file-work.js';
import type { OpenBatch } from './open-batch.js';
import { resumeBatch, type Returned } from './resume-batch.js';

/** The first slot that no batch of the order has used yet. */
export const nextSlotOf = (records: readonly JournalRecord[]): number => records.reduce((next, record) => (record.kind === 'intent' ? Math.max(next, record.first + record.count) : next), 0);

const NOTHING: Returned = new Map();

/**
 * Finishes or takes back what a crash cut short, before anything new is begun. Returns what went back since something keeps it by now.
 * Errors: why that cannot be done ever (our own folder is gone); throws when it cannot be done now (database away, journal not writable).
 */
export async function settleBatch(work: FileWork, open: OpenBatch | null, deleted: Deleted): Promise<Result<Returned, string>> {
  if (open === null) return ok(NOTHING);
  const reopened = work.folders.reopen([...new Set([...open.moves, ...open.returning].map((move) => move.root))]);
  if (!reopened.ok) return reopened;
  const moves = onDevicesOfNow(work, open.moves);
  const returning = onDevicesOfNow(work, open.returning);
  if (open.way === 'forward') return ok(await resumeBatch(work, { ...open, moves, returning }, deleted));
  returnBatch(work, moves);
  return ok(NOTHING);
}

/** After a restart a file system may have another number. What was taken in lies where our own folder lies, whose number is known. */
const onDevicesOfNow = (work: FileWork, moves: readonly IntendedMove[]): IntendedMove[] => moves.map((move) => ({ ...move, dev: work.folders.at(move.root).identity.dev }));
