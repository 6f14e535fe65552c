import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
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
function standOf(path: string): 'applying' | 'undoing' | null {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
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

/** Repairs that a crash cut short, by what is kept of them. None where that may not be read, or none was ever made. */
export function cutShortRepairs(dir: string): CutShort[] {
  let names: string[];
  try {
    names = readdirSync(dir).filter((name) => name.endsWith(REPAIR_SUFFIX));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const [id, stand] = [name.slice(0, -REPAIR_SUFFIX.length), standOf(join(dir, name))];
    return stand === null || isAtWork(join(dir, `${id}.lock`)) ? [] : [{ id, undoing: stand === 'undoing' }];
  });
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
