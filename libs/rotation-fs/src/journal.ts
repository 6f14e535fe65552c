import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** One file that an order is about to move, as the journal names it. Names are base64 of their bytes. */
export interface IntendedMove {
  readonly n: number;
  readonly folder: string;
  readonly name: string;
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly bytes: number;
}

/**
 * What the journal of one order says, in the order in which it is written. Life of a batch of files:
 * `intent` is on disk before the first is touched; each is moved, checked and put back if it is another one; `moved` names those that are ours to delete;
 * their rows go (pairs); they are unlinked; `deleted` closes the batch. A crash before `moved` puts back, a crash after it finishes: so each file is either there or accounted for.
 */
export type JournalRecord =
  | { readonly kind: 'begun'; readonly before: { items: number; bytes: number }; readonly planned: { items: number; bytes: number; oldestMs: number | null; newestMs: number | null; digest: string }; readonly startedMs: number }
  | { readonly kind: 'intent'; readonly moves: readonly IntendedMove[] }
  | { readonly kind: 'moved'; readonly ns: readonly number[] }
  | { readonly kind: 'deleted'; readonly items: number; readonly bytes: number }
  | { readonly kind: 'returned' }
  | { readonly kind: 'rows-intent'; readonly rows: number }
  | { readonly kind: 'rows-deleted'; readonly rows: number; readonly bytes: number }
  | { readonly kind: 'finished'; readonly receipt: unknown };

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** Append-only record of one order, on disk before what it announces. Errors: throws when it cannot be written; then nothing is deleted. */
export class Journal {
  private constructor(
    private readonly fd: number,
    readonly records: readonly JournalRecord[],
  ) {}

  static open(dir: string, order: string): Journal {
    mkdirSync(dir, { recursive: true, mode: FOLDER_MODE });
    const path = join(dir, `${order}.journal`);
    const fd = openSync(path, 'a+', FILE_MODE);
    const text = readFileSync(path, 'utf8');
    // What follows the last newline was cut short by a crash: it announced nothing, and must not run into the next line.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    ftruncateSync(fd, Buffer.byteLength(whole));
    const records = whole.split('\n').slice(0, -1).map((line) => JSON.parse(line) as JournalRecord);
    const folder = openSync(dir, 'r');
    fsyncSync(folder);
    closeSync(folder);
    return new Journal(fd, records);
  }

  write(record: JournalRecord): void {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    for (let at = 0; at < line.length; ) at += writeSync(this.fd, line, at);
    fsyncSync(this.fd);
  }

  close(): void {
    closeSync(this.fd);
  }
}
