import { closeSync, constants, fsyncSync, ftruncateSync, writeSync } from 'node:fs';
import type { Receipt } from '@mailwarden/contracts';
import { canonicalJson, sha256, type Sha256 } from '@mailwarden/kernel';
import type { Goal } from '@mailwarden/rotation';
import { isJournalId, JournalFolder, openJournalFile } from './journal-folder.js';
import { JournalUnwritable, lineOf, recordsIn } from './journal-lines.js';
import type { LineRecord } from '../lines/line-record.js';
import type { LogRecord } from '../logs/log-record.js';
import type { OrderFacts } from '../outcome.js';

/** One file that an order is about to have deleted by the product's own tool. `path` is base64 of its bytes, from the host's root. */
export interface ToolItem {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly bytes: number;
}

export interface Begun {
  readonly kind: 'begun';
  readonly before: { items: number; bytes: number };
  readonly planned: { items: number; bytes: number; oldestMs: number | null; newestMs: number | null; digest: string };
  readonly goal: Goal;
}

/**
 * What the journal of one order says, in the order in which it is written. Life of a batch of files:
 * `intent` is on disk before the first is touched; each is moved, checked and put back if it is another one; `moved` names those that are ours to delete;
 * their rows go (pairs); they are unlinked; `deleted` closes the batch. A crash before `moved` puts back, a crash after it finishes: so each file is either there or accounted for.
 * When rows cannot leave, `returning` turns the batch round, and `returned` closes it. When a hold came while a crash kept the batch open, or the order was to end on its way, `returning` names what goes back, and `deleted` closes the rest.
 */
export type JournalRecord =
  /** `expiresAt` is that of the order, where it has one: until then it could be given again. */
  | { readonly kind: 'opened'; readonly content: Sha256; readonly facts: OrderFacts; readonly expiresAt?: string }
  /** The folders that the store lies in, as they were when the order first announced something, and when that was: a run that goes on must find these very ones. */
  | { readonly kind: 'store-roots'; readonly atMs: number; readonly roots: readonly { readonly root: string; readonly ino: number; readonly bornMs: number; readonly fileSystem: string }[] }
  | Begun
  | { readonly kind: 'private-folder'; readonly root: string; readonly dev: number; readonly ino: number; readonly bornMs: number; readonly fileSystem: string }
  /** `files` is base64 of `packMoves`; their slots count up from `first`. */
  | { readonly kind: 'intent'; readonly first: number; readonly count: number; readonly files: string }
  /** `ours` is base64 of `packPlaces`: which of the batch are ours to delete. `overwrite` where they may be written over from here on, whatever is asked for when the order goes on; journals of before do not tell. */
  | { readonly kind: 'moved'; readonly ours: string; readonly overwrite?: true }
  | { readonly kind: 'deleted'; readonly items: number; readonly bytes: number }
  /** `places` is base64 of `packPlaces`: which of the batch go back, while the rest goes forward; absent where the whole batch goes back. */
  | { readonly kind: 'returning'; readonly places?: string }
  | { readonly kind: 'returned' }
  | { readonly kind: 'rows-intent'; readonly keys: readonly string[]; readonly bytesPerRow: number }
  | { readonly kind: 'rows-deleted'; readonly rows: number; readonly bytes: number }
  /** What is deleted from here on are halves of pairs that were alone. */
  | { readonly kind: 'orphans-begun' }
  /** The product's own tool is about to be run with these arguments; `deleted` closes it with what was measured. */
  | { readonly kind: 'tool-intent'; readonly argv: readonly string[]; readonly items: readonly ToolItem[] }
  | LogRecord
  | LineRecord
  | { readonly kind: 'finished'; readonly receipt: Receipt };

const SUFFIX = '.journal';

/** Whether what is closed next is a run of the product's own tool, and no batch of files. */
export const toolIsOpen = (records: readonly JournalRecord[]): boolean => records.findLast(({ kind }) => kind === 'tool-intent' || kind === 'deleted')?.kind === 'tool-intent';

/** Adds a record to those that are remembered. The names of a batch are forgotten once it is closed, so that an order of any size is remembered in little memory. */
function keepRecord(records: JournalRecord[], record: JournalRecord): void {
  if ((record.kind === 'deleted' && !toolIsOpen(records)) || record.kind === 'returned') {
    const begin = records.findLastIndex(({ kind }) => kind === 'intent');
    const intent = records[begin];
    if (intent?.kind === 'intent') records.splice(begin, Infinity, { ...intent, files: '' }, ...records.slice(begin + 1).filter(({ kind }) => kind !== 'moved'));
  }
  records.push(record);
}

/** Reads a journal line by line. Returns how many bytes of it are whole lines. Errors: throws `JournalDamaged`. */
function readJournal(fd: number, path: string): { records: JournalRecord[]; wholeBytes: number } {
  const records: JournalRecord[] = [];
  let wholeBytes = 0;
  for (const { record, end } of recordsIn<JournalRecord>(fd, path)) {
    keepRecord(records, record);
    wholeBytes = end;
  }
  return { records, wholeBytes };
}

/** What a journal says, read without taking the order. Errors: throws when it cannot be read or others could have written it, and `JournalDamaged`. */
export function readRecords(path: string, place = path): readonly JournalRecord[] {
  const fd = openJournalFile(place, path, constants.O_RDONLY);
  try {
    return readJournal(fd, path).records;
  } finally {
    closeSync(fd);
  }
}

/** Append-only record of one order, on disk before what it announces. Errors: throws when it cannot be written or read; then nothing is deleted. */
export class Journal {
  readonly #records: JournalRecord[];
  #preceding: (() => JournalRecord) | null = null;
  /** Why it was not written to; null as long as it always was. */
  #failed: unknown = null;
  #wholeBytes: number;

  private constructor(
    /** Where it lies; open as long as it is. */
    readonly folder: JournalFolder,
    /** In that folder. */
    readonly name: string,
    private readonly fd: number,
    records: JournalRecord[],
    private readonly unlock: () => void,
    wholeBytes: number,
  ) {
    this.#records = records;
    this.#wholeBytes = wholeBytes;
  }

  /** Opens an order's journal for this process alone. Safety: nothing is made, taken or emptied before it is known whose the folder is. */
  static open(dir: string, order: string): Journal {
    if (!isJournalId(order)) throw new Error(`${JSON.stringify(order)} is not the id of an order; nothing was touched`);
    const folder = JournalFolder.made(dir);
    const name = `${order}${SUFFIX}`;
    let giveBack = (): void => folder.close();
    let fd: number | null = null;
    try {
      giveBack = folder.take(order);
      fd = folder.open(name, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT);
      const { records, wholeBytes } = readJournal(fd, folder.pathOf(name));
      ftruncateSync(fd, wholeBytes); // A last line without its end was cut short by a crash: it announced nothing, and must not run into the next line.
      fsyncSync(fd);
      folder.sync();
      return new Journal(folder, name, fd, records, giveBack, wholeBytes);
    } catch (cause) {
      if (fd !== null) closeSync(fd);
      giveBack();
      throw cause;
    }
  }

  /** What was written, by earlier runs and by this one. */
  get records(): readonly JournalRecord[] {
    return this.#records;
  }

  get begun(): Begun | undefined {
    return this.#records.find((record) => record.kind === 'begun');
  }

  /** What is written next goes to disk behind what this makes of it, in one write; null for nothing. */
  precede(next: (() => JournalRecord) | null): void {
    this.#preceding = next;
  }

  /** Several records cost one sync: none of them is announced before all are on disk. */
  write(...given: readonly JournalRecord[]): void {
    const records = this.#preceding === null ? given : [this.#preceding(), ...given];
    this.#preceding = null;
    const bytes = Buffer.from(records.map(lineOf).join(''));
    this.#append(bytes);
    for (const record of records) keepRecord(this.#records, record);
  }

  /** A line that was cut short must not run into another one. Whether what failed is on disk nobody can tell, so nothing is announced after it. */
  #append(bytes: Buffer): void {
    if (this.#failed !== null) throw new JournalUnwritable(this.folder.pathOf(this.name), this.#failed);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
      fsyncSync(this.fd);
      this.#wholeBytes += bytes.length;
    } catch (cause) {
      this.#failed = cause;
      this.#forgetPart();
      throw new JournalUnwritable(this.folder.pathOf(this.name), cause);
    }
  }

  /** Where this fails too, the next run takes a last line without its end away. */
  #forgetPart(): void {
    try {
      ftruncateSync(this.fd, this.#wholeBytes);
    } catch {
      return;
    }
  }

  close(): void {
    closeSync(this.fd);
    this.unlock();
  }
}

/** Orders whose journal was opened and never finished: a crash cut them short. Only those given by their facts alone, as a person at the host gives them: a signed order comes back by itself. */
export function unfinishedOrders(dir: string): OrderFacts[] {
  const folder = JournalFolder.found(dir);
  if (folder === null) return [];
  try {
    return folder.idsOf(SUFFIX).flatMap((id) => {
      const name = `${id}${SUFFIX}`;
      const records = readRecords(folder.pathOf(name), folder.at(name));
      const opened = records.find((record) => record.kind === 'opened');
      if (opened === undefined || records.some((record) => record.kind === 'finished')) return [];
      if (opened.facts.id !== id) throw new Error(`${folder.pathOf(name)} tells of another order than its name; nothing was touched; look at who put it there, and move it away`);
      return opened.content === sha256(canonicalJson(opened.facts)) ? [opened.facts] : [];
    });
  } finally {
    folder.close();
  }
}
