import { closeSync, constants, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { stateFolder } from '@mailwarden/config';
import { lineOf, recordsIn } from '../journal/journal-lines.js';
import { lockOrder } from '../journal/journal-lock.js';
import type { HeldRights } from './held-entry.js';

/**
 * One change, as it is written down before it is made. Paths are base64 of their bytes.
 * The entry is known again by its inode and its birth: it is undone weeks later, and a restart gives devices other numbers.
 */
export interface IntendedChange {
  readonly profile: string;
  readonly store: string;
  readonly root: string;
  readonly path: string;
  readonly ino: number;
  readonly bornMs: number;
  readonly before: HeldRights;
  readonly after: HeldRights;
}

/** `done`: all was tried that was found. `undoing` and `undone`: it is taken back, and was. */
type Ending = 'done' | 'undoing' | 'undone';
type RepairRecord = { readonly kind: 'intent'; readonly changes: readonly IntendedChange[] } | { readonly kind: Ending };

const FILE_MODE = 0o600;
export const REPAIR_SUFFIX = '.repair';

/**
 * What one repair of access changed, on disk before each change. A crash leaves changes that are made, not made, or half made: all of them stand here with what was before, so that undo finds them.
 * Errors: throws when it cannot be written or read; then nothing is changed.
 */
export class RepairJournal {
  private constructor(
    private readonly fd: number,
    readonly changes: IntendedChange[],
    /** How it was said to stand when it was opened; null where it was never said. */
    readonly ending: Ending | null,
    private readonly unlock: () => void,
  ) {}

  static open(dir: string, id: string, mode: 'new' | 'known'): RepairJournal {
    const folder = stateFolder(dir);
    const path = join(folder, `${id}${REPAIR_SUFFIX}`);
    const unlock = lockOrder(join(folder, `${id}.lock`));
    let fd: number | null = null;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW | (mode === 'new' ? constants.O_CREAT | constants.O_EXCL : 0), FILE_MODE);
      const changes: IntendedChange[] = [];
      let ending: Ending | null = null;
      let whole = 0;
      for (const { record, end } of recordsIn<RepairRecord>(fd, path)) {
        if (record.kind === 'intent') for (const change of record.changes) changes.push(change);
        else ending = record.kind;
        whole = end;
      }
      ftruncateSync(fd, whole); // What a crash cut short announced nothing.
      fsyncSync(fd);
      stateFolder(dir);
      return new RepairJournal(fd, changes, ending, unlock);
    } catch (cause) {
      if (fd !== null) closeSync(fd);
      unlock();
      throw cause;
    }
  }

  announce(changes: readonly IntendedChange[]): void {
    this.#write({ kind: 'intent', changes });
  }

  end(kind: Ending): void {
    this.#write({ kind });
  }

  close(): void {
    closeSync(this.fd);
    this.unlock();
  }

  #write(record: RepairRecord): void {
    const bytes = Buffer.from(lineOf(record));
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    fsyncSync(this.fd);
  }
}
