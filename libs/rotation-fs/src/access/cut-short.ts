import { closeSync, constants, existsSync, fstatSync, readSync } from 'node:fs';
import { JournalFolder } from '../journal/journal-folder.js';
import { lockOrder } from '../journal/journal-lock.js';
import { REPAIR_SUFFIX, RepairJournal } from './repair-journal.js';

/** The last line of a journal that was ended is shorter. Units: bytes. */
const TAIL_BYTES = 128;

/** How a repair stands that no process works on and that never came to its end. */
export interface CutShort {
  readonly id: string;
  /** It was being taken back. */
  readonly undoing: boolean;
}

/** Null where it came to its end. A journal may hold half a million changes: its last line tells. */
function standOf(folder: JournalFolder, id: string): 'applying' | 'undoing' | null {
  const fd = folder.open(`${id}${REPAIR_SUFFIX}`, constants.O_RDONLY);
  try {
    const tail = Buffer.alloc(TAIL_BYTES);
    const read = readSync(fd, tail, 0, TAIL_BYTES, Math.max(0, fstatSync(fd).size - TAIL_BYTES));
    const [, kind = ''] = /\{"kind":"(done|undoing|undone)"\}\n$/.exec(tail.subarray(0, read).toString('latin1')) ?? [];
    return kind === 'undoing' ? 'undoing' : kind === '' ? 'applying' : null;
  } finally {
    closeSync(fd);
  }
}

/** Whether a process works on it. Who died left a lock that counts for nothing. */
function isAtWork(lock: string): boolean {
  if (!existsSync(lock)) return false;
  try {
    lockOrder(lock)();
    return false;
  } catch {
    return true;
  }
}

/** Null where there is none, or it is not ours: what others could have written there is no word of ours. */
function ownFolder(dir: string): JournalFolder | null {
  try {
    return JournalFolder.found(dir, constants.O_NOFOLLOW);
  } catch {
    return null;
  }
}

/** Null for a journal that came to its end, that a process works on, or that others could have written. */
function cutShort(folder: JournalFolder, id: string): CutShort | null {
  try {
    const stand = standOf(folder, id);
    return stand === null || isAtWork(folder.at(`${id}.lock`)) ? null : { id, undoing: stand === 'undoing' };
  } catch {
    return null;
  }
}

/** Repairs that a crash cut short, by what is kept of them. None where that may not be read or is not this account's, or none was ever made. */
export function cutShortRepairs(dir: string): CutShort[] {
  const folder = ownFolder(dir);
  if (folder === null) return [];
  try {
    return folder.idsOf(REPAIR_SUFFIX).flatMap((id) => cutShort(folder, id) ?? []);
  } finally {
    folder.close();
  }
}

/** Notes that a later run looked at all that a repair had left; it can still be taken back. */
export function endRepair(dir: string, id: string): void {
  const journal = RepairJournal.open(dir, id, 'known');
  try {
    journal.end('done');
  } finally {
    journal.close();
  }
}
