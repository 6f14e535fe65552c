import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Receipt } from '@mailwarden/contracts';
import { canonicalJson, sha256, type Sha256 } from '@mailwarden/kernel';
import type { Goal } from '@mailwarden/rotation';
import { lineOf, recordsIn } from './journal-lines.js';
import { lockOrder } from './journal-lock.js';
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
 * When rows cannot leave, `returning` turns the batch round, and `returned` closes it.
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
  /** `ours` is base64 of `packPlaces`: which of the batch are ours to delete. */
  | { readonly kind: 'moved'; readonly ours: string }
  | { readonly kind: 'deleted'; readonly items: number; readonly bytes: number }
  | { readonly kind: 'returning' }
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

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS_WRITE = 0o022;
const SUFFIX = '.journal';

/** New folders outlive a power cut only when the folders that name them were synced. */
function syncUpTo(dir: string, firstMade: string): void {
  const above = dirname(dir);
  const fd = openSync(above, constants.O_RDONLY | constants.O_DIRECTORY);
  fsyncSync(fd);
  closeSync(fd);
  if (dir !== firstMade && above !== dir) syncUpTo(above, firstMade);
}

function syncFolder(dir: string): void {
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const { uid, mode } = fstatSync(fd);
    if (uid !== (process.geteuid?.() ?? 0) || (mode & OTHERS_WRITE) !== 0) throw new Error(`${dir} keeps the journals of deletions and must belong to the executor's account alone; run: chmod go-w ${dir}`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Adds a record to those that are remembered. The names of a batch are forgotten once it is closed, so that an order of any size is remembered in little memory. */
function keepRecord(records: JournalRecord[], record: JournalRecord): void {
  if (record.kind === 'deleted' || record.kind === 'returned') {
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

/** What a journal says, read without taking the order. Errors: throws when it cannot be read, and `JournalDamaged`. */
export function readRecords(path: string): readonly JournalRecord[] {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
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

  private constructor(
    readonly path: string,
    private readonly fd: number,
    records: JournalRecord[],
    private readonly unlock: () => void,
  ) {
    this.#records = records;
  }

  /** Opens an order's journal for this process alone. */
  static open(dir: string, order: string): Journal {
    const firstMade = mkdirSync(dir, { recursive: true, mode: FOLDER_MODE });
    if (firstMade !== undefined) syncUpTo(dir, firstMade);
    const path = join(dir, `${order}${SUFFIX}`);
    const unlock = lockOrder(join(dir, `${order}.lock`));
    let fd: number | null = null;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, FILE_MODE);
      const { records, wholeBytes } = readJournal(fd, path);
      ftruncateSync(fd, wholeBytes); // A last line without its end was cut short by a crash: it announced nothing, and must not run into the next line.
      fsyncSync(fd);
      syncFolder(dir);
      return new Journal(path, fd, records, unlock);
    } catch (cause) {
      if (fd !== null) closeSync(fd);
      unlock();
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
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    fsyncSync(this.fd);
    for (const record of records) keepRecord(this.#records, record);
  }

  close(): void {
    closeSync(this.fd);
    this.unlock();
  }
}

/** Orders whose journal was opened and never finished: a crash cut them short. Only those given by their facts alone, as a person at the host gives them: a signed order comes back by itself. */
export function unfinishedOrders(dir: string): OrderFacts[] {
  let names: string[];
  try {
    names = readdirSync(dir).filter((name) => name.endsWith(SUFFIX));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
  return names.flatMap((name) => {
    const records = readRecords(join(dir, name));
    const opened = records.find((record) => record.kind === 'opened');
    if (opened === undefined || records.some((record) => record.kind === 'finished')) return [];
    return opened.content === sha256(canonicalJson(opened.facts)) ? [opened.facts] : [];
  });
}
