import { fstatSync, lstatSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { constants, DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { SqliteAnswer, SqliteQuestion } from './sqlite-question.js';

/**
 * Answers one question about one file of SQLite, in a process of its own: a statement without end can then be ended, and locks and damage stay here.
 * Imports nothing of the project but types, so that it runs from source as well. The question comes on standard input, the answer goes to standard output.
 */
const FOLDER_FD = 3;
const STANDARD_OUTPUT = 1;
/** What a view could make grow without end. Units: bytes. */
const HEAP_BYTES_MAX = 64 * 1024 * 1024;
/** What a profile's question and the views under it may do; everything else is denied. */
const ALLOWED: ReadonlySet<number> = new Set([constants.SQLITE_SELECT, constants.SQLITE_READ, constants.SQLITE_RECURSIVE]);
const FORBIDDEN_FUNCTIONS: ReadonlySet<string> = new Set(['load_extension', 'writefile', 'readfile', 'edit', 'fts3_tokenizer']);

const question = JSON.parse(readFileSync(0, 'utf8')) as SqliteQuestion;
/** A statement holds this thread; another one keeps the time, also when whoever asked is gone. */
const clock = new Worker(`setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${Number(question.lifeMs)})`, { eval: true });
clock.unref();

const beside = (suffix: string): string => `/proc/self/fd/${FOLDER_FD}/${question.name}${suffix}`;

/** What the file looks like from outside: whoever writes to it changes this. */
function trace(): string {
  const { size, mtimeNs, ctimeNs, ino } = lstatSync(beside(''), { bigint: true });
  return [size, mtimeNs, ctimeNs, ino, lstatSync(beside('-wal'), { throwIfNoEntry: false }) === undefined].join(' ');
}

/** SQLite opens by name. The file that it holds open must be the one that was looked at. */
function holdsTheFile(): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      const { dev, ino } = fstatSync(Number(fd), { bigint: true });
      return String(dev) === question.device && String(ino) === question.inode;
    } catch {
      return false; // The folder's own descriptor, closed by now.
    }
  });
}

function opened(): DatabaseSync {
  // A read-only index keeps SQLite from marking there what it reads. "Immutable" keeps it from making a log.
  const how = question.reading === 'with-locks' ? 'mode=ro&readonly_shm=1' : 'mode=ro&immutable=1';
  const path = beside('').split('/').map(encodeURIComponent).join('/');
  const database = new DatabaseSync(`file:${path}?${how}`, { readOnly: true, allowExtension: false, timeout: question.busyMs, enableDoubleQuotedStringLiterals: false, defensive: true });
  for (const pragma of ['query_only=ON', 'trusted_schema=OFF', 'cell_size_check=ON', 'mmap_size=0', 'temp_store=MEMORY', `hard_heap_limit=${HEAP_BYTES_MAX}`]) database.exec(`PRAGMA ${pragma}`);
  database.setAuthorizer((action, _first, second) => {
    if (action === constants.SQLITE_FUNCTION) return FORBIDDEN_FUNCTIONS.has(String(second).toLowerCase()) ? constants.SQLITE_DENY : constants.SQLITE_OK;
    return ALLOWED.has(action) ? constants.SQLITE_OK : constants.SQLITE_DENY;
  });
  return database;
}

type Cell = string | number | null;
const decoder = new TextDecoder();
const cell = (value: unknown): Cell => (value === null || typeof value === 'string' ? value : typeof value === 'number' ? value : value instanceof Uint8Array ? decoder.decode(value) : String(value));

function answerOf(database: DatabaseSync): SqliteAnswer {
  const before = question.reading === 'as-it-stands' ? trace() : null;
  const results: Cell[][][] = [];
  for (const { sql, values } of question.statements) {
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    const rows: Cell[][] = [];
    for (const row of statement.iterate(...values) as Iterable<unknown>) {
      if (rows.length === question.rowsMax) return { trouble: 'rows' };
      rows.push((row as unknown[]).map(cell));
    }
    results.push(rows);
  }
  if (!holdsTheFile()) return { trouble: 'replaced' };
  return before !== null && before !== trace() ? { trouble: 'written' } : { rows: results };
}

function failureOf(cause: unknown): SqliteAnswer {
  const { errcode, message = '' } = cause as { errcode?: number; message?: string };
  return { code: errcode ?? -1, what: message.includes('no such table') ? 'table' : message.includes('no such column') ? 'column' : null };
}

/** A pipe takes what fits; the rest waits for its reader. */
function say(answer: SqliteAnswer): void {
  const bytes = Buffer.from(JSON.stringify(answer));
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(STANDARD_OUTPUT, bytes, at);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN') throw cause;
    }
  }
}

let answer: SqliteAnswer;
try {
  answer = answerOf(opened());
} catch (cause) {
  answer = failureOf(cause);
}
say(answer);
process.exit(0);
