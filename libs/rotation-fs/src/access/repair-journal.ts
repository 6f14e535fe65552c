import { closeSync, constants, fsyncSync, ftruncateSync, writeSync } from 'node:fs';
import { isJournalId, JournalFolder } from '../journal/journal-folder.js';
import { lineOf, recordsIn } from '../journal/journal-lines.js';
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

export const REPAIR_SUFFIX = '.repair';

function readRepair(fd: number, path: string): { readonly changes: IntendedChange[]; readonly ending: Ending | null; readonly wholeBytes: number } {
  const changes: IntendedChange[] = [];
  let ending: Ending | null = null;
  let wholeBytes = 0;
  for (const { record, end } of recordsIn<RepairRecord>(fd, path)) {
    if (record.kind === 'intent') for (const change of record.changes) changes.push(change);
    else ending = record.kind;
    wholeBytes = end;
  }
  return { changes, ending, wholeBytes };
}

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

  /** Safety: nothing is read or taken before it is known whose the folder is; the journal itself is no link, and nobody else could have written it. */
  static open(dir: string, id: string, mode: 'new' | 'known'): RepairJournal {
    if (!isJournalId(id)) throw new Error(`${JSON.stringify(id)} is not the name of a repair; nothing was touched`);
    const folder = JournalFolder.made(dir, constants.O_NOFOLLOW);
    let giveBack = (): void => folder.close();
    let fd: number | null = null;
    try {
      giveBack = folder.take(id);
      const name = `${id}${REPAIR_SUFFIX}`;
      fd = folder.open(name, constants.O_RDWR | constants.O_APPEND | (mode === 'new' ? constants.O_CREAT | constants.O_EXCL : 0));
      const { changes, ending, wholeBytes } = readRepair(fd, folder.pathOf(name));
      ftruncateSync(fd, wholeBytes); // What a crash cut short announced nothing.
      fsyncSync(fd);
      folder.sync();
      return new RepairJournal(fd, changes, ending, giveBack);
    } catch (cause) {
      if (fd !== null) closeSync(fd);
      giveBack();
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
