import { fstatSync, readdirSync, readSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { constants, DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { SqliteCommand, SqliteReply, SqliteWriterStart } from './sqlite-command.js';

/**
 * Deletes from one file of SQLite in a process of its own, as the account that the file belongs to, so that nothing beside it becomes anybody else's.
 * Imports nothing of the project but types, so that it runs from source as well. Commands come on standard input, a line each; replies go to standard output. It ends with its input.
 */
const FOLDER_FD = 3;
/** What is seen of a table of ten million rows, and far from what would fill a mail server's memory. Units: bytes. */
const HEAP_BYTES_MAX = 512 * 1024 * 1024;
const READ_BYTES = 64 * 1024;
const NEWLINE = 10;
/** Rows of the first page that is copied. */
const PAGE_ROWS_FIRST = 5_000;
const PAGE_ROWS_MAX = 200_000;
/** The file's owner may have put anything into its triggers; none of it may reach out of the file. */
const FORBIDDEN: ReadonlySet<number> = new Set([constants.SQLITE_ATTACH, constants.SQLITE_DETACH, constants.SQLITE_CREATE_TRIGGER, constants.SQLITE_DROP_TABLE, constants.SQLITE_ALTER_TABLE, constants.SQLITE_CREATE_VTABLE]);
const FORBIDDEN_FUNCTIONS: ReadonlySet<string> = new Set(['load_extension', 'writefile', 'readfile', 'edit', 'fts3_tokenizer']);

/** One that we set, and one that a note asks for. */
const PRAGMAS: ReadonlySet<string> = new Set(['busy_timeout', 'auto_vacuum']);

class Replaced extends Error {}

const lines = readLines();
const start = JSON.parse(lines.next().value ?? '') as SqliteWriterStart;

function* readLines(): Generator<string, undefined> {
  const chunk = Buffer.alloc(READ_BYTES);
  let parts: Buffer[] = [];
  for (;;) {
    const bytes = readSync(0, chunk, 0, READ_BYTES, null);
    if (bytes === 0) return undefined;
    const part = chunk.subarray(0, bytes);
    let from = 0;
    for (let end = part.indexOf(NEWLINE); end !== -1; end = part.indexOf(NEWLINE, from)) {
      yield Buffer.concat([...parts, part.subarray(from, end)]).toString('utf8');
      parts = [];
      from = end + 1;
    }
    parts.push(Buffer.from(part.subarray(from)));
  }
}

/** SQLite opens by name. The file that it holds open must be the one that was looked at. */
function holdsTheFile(): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      const { dev, ino } = fstatSync(Number(fd), { bigint: true });
      return String(dev) === start.device && String(ino) === start.inode;
    } catch {
      return false; // The folder's own descriptor, closed by now.
    }
  });
}

function opened(): DatabaseSync {
  const path = `/proc/self/fd/${FOLDER_FD}/${start.name}`.split('/').map(encodeURIComponent).join('/');
  const database = new DatabaseSync(`file:${path}?mode=rw`, { allowExtension: false, timeout: start.waitMs, enableDoubleQuotedStringLiterals: false, enableForeignKeyConstraints: true, defensive: true });
  for (const pragma of ['trusted_schema=OFF', 'cell_size_check=ON', 'mmap_size=0', 'temp_store=MEMORY', `hard_heap_limit=${HEAP_BYTES_MAX}`, `secure_delete=${start.overwrite ? 'ON' : 'OFF'}`]) database.exec(`PRAGMA ${pragma}`);
  database.prepare('SELECT count(*) FROM sqlite_schema').get(); // Only now does it hold the file open.
  if (!holdsTheFile()) throw new Replaced();
  database.exec('CREATE TEMP TABLE seen (key, at REAL, edge)');
  database.setAuthorizer((action, first, second) => {
    if (action === constants.SQLITE_FUNCTION) return FORBIDDEN_FUNCTIONS.has(String(second).toLowerCase()) ? constants.SQLITE_DENY : constants.SQLITE_OK;
    if (action === constants.SQLITE_PRAGMA) return PRAGMAS.has(String(first)) ? constants.SQLITE_OK : constants.SQLITE_DENY;
    return FORBIDDEN.has(action) ? constants.SQLITE_DENY : constants.SQLITE_OK;
  });
  return database;
}

function bound(key: string): SQLInputValue {
  const value = key.slice(1);
  return key.startsWith('i') ? BigInt(value) : key.startsWith('b') ? Buffer.from(value, 'hex') : value;
}

const told = (value: unknown): string | number | null => (typeof value === 'bigint' ? `i${value}` : typeof value === 'string' ? `t${value}` : value instanceof Uint8Array ? `b${Buffer.from(value).toString('hex')}` : typeof value === 'number' ? value : null);

/** Who waits to read or to begin keeps nobody waiting; who waits to end a write does. Units: milliseconds. */
const waitFor = (database: DatabaseSync, ms: number): void => database.exec(`PRAGMA busy_timeout = ${ms}`);

/** With the file's write lock, what another process is just committing is waited for. */
function locked<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    return work();
  } finally {
    database.exec('ROLLBACK');
  }
}

function read(database: DatabaseSync, sql: string, values: readonly SQLInputValue[]): (string | number | null)[][] {
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return (statement.all(...values) as unknown as unknown[][]).map((row) => row.map(told));
}

/** What a table is walked by, page by page: the number of the row where it has one, else the key. */
function edgeOf(database: DatabaseSync, table: string, key: string): string {
  try {
    database.prepare(`SELECT rowid FROM ${table} LIMIT 0`);
    return 'rowid';
  } catch {
    return key;
  }
}

/** Does some work with each page of a table, which yields where the page ended and how many rows it had. Pages are as large as the time lets them be. */
function inPages(pageMs: number, work: (after: SQLInputValue | null, rows: number) => { edge: SQLInputValue | null; rows: number }): void {
  let rows = PAGE_ROWS_FIRST;
  for (let after: SQLInputValue | null = null; ; ) {
    const startedMs = performance.now();
    const page = work(after, rows);
    if (page.rows === 0) return;
    after = page.edge;
    const tookMs = performance.now() - startedMs;
    rows = Math.max(1, Math.min(PAGE_ROWS_MAX, rows * 2, Math.floor((rows * pageMs) / Math.max(1, tookMs))));
  }
}

const behind = (edge: string, after: SQLInputValue | null): { where: string; values: SQLInputValue[] } => (after === null ? { where: '', values: [] } : { where: `WHERE ${edge} > ?`, values: [after] });

function copy(database: DatabaseSync, { table, key, at, pageMs }: Extract<SqliteCommand, { do: 'copy' }>): void {
  database.exec('DELETE FROM temp.seen');
  const edge = edgeOf(database, table, key);
  const last = database.prepare('SELECT edge FROM temp.seen WHERE rowid = last_insert_rowid()');
  last.setReadBigInts(true);
  inPages(pageMs, (after, rows) => {
    const { where, values } = behind(edge, after);
    const { changes } = database.prepare(`INSERT INTO temp.seen SELECT ${key}, ${at}, ${edge} FROM ${table} ${where} ORDER BY ${edge} LIMIT ${rows}`).run(...values);
    return { rows: Number(changes), edge: changes === 0 ? null : (last.get() as { edge: SQLInputValue }).edge };
  });
}

function count(database: DatabaseSync, { table, key, pageMs }: Extract<SqliteCommand, { do: 'count' }>): number {
  const edge = edgeOf(database, table, key);
  let total = 0;
  inPages(pageMs, (after, rows) => {
    const { where, values } = behind(edge, after);
    const page = database.prepare(`SELECT max(edge) AS edge, count(*) AS number FROM (SELECT ${edge} AS edge FROM ${table} ${where} ORDER BY ${edge} LIMIT ${rows})`);
    page.setReadBigInts(true);
    const found = page.get(...values) as { edge: SQLInputValue; number: bigint };
    total += Number(found.number);
    return { rows: Number(found.number), edge: found.edge };
  });
  return total;
}

function remove(database: DatabaseSync, { sql, keys, expected }: Extract<SqliteCommand, { do: 'delete' }>): SqliteReply {
  const statement = database.prepare(sql);
  database.exec('BEGIN IMMEDIATE');
  waitFor(database, start.busyMs);
  const startedMs = performance.now();
  try {
    const changes = Number(statement.run(...keys.map(bound)).changes);
    const committed = expected === null || changes === expected;
    database.exec(committed ? 'COMMIT' : 'ROLLBACK');
    return { changes, committed, heldMs: performance.now() - startedMs };
  } catch (cause) {
    const heldMs = performance.now() - startedMs;
    if (database.isTransaction) database.exec('ROLLBACK');
    return { ...failure(cause), heldMs };
  }
}

function failure(cause: unknown): { code: number; what: 'table' | 'column' | null; heldMs: number } {
  const { errcode, message = '' } = cause as { errcode?: number; message?: string };
  return { code: errcode ?? -1, what: message.includes('no such table') ? 'table' : message.includes('no such column') ? 'column' : null, heldMs: 0 };
}

function reply(database: DatabaseSync, command: SqliteCommand): SqliteReply {
  waitFor(database, start.waitMs);
  switch (command.do) {
    case 'read': {
      const work = (): SqliteReply => ({ rows: read(database, command.sql, [...command.values, ...command.keys.map(bound)]) });
      return command.locked ? locked(database, work) : work();
    }
    case 'copy':
      copy(database, command);
      return { rows: [] };
    case 'count':
      return { rows: [[count(database, command)]] };
    case 'delete':
      return remove(database, command);
  }
}

function attempted(work: () => SqliteReply): SqliteReply {
  try {
    return work();
  } catch (cause) {
    return cause instanceof Replaced ? { trouble: 'replaced' } : failure(cause);
  }
}

/** A pipe takes what fits; the rest waits for its reader. */
function say(answer: SqliteReply): void {
  const bytes = Buffer.from(`${JSON.stringify(answer)}\n`);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN') throw cause;
    }
  }
}

let database: DatabaseSync | null = null;
const first = attempted(() => {
  database = opened();
  return { rows: read(database, 'SELECT 1', []) };
});
say(first);
if ('rows' in first && database !== null) for (const line of lines) say(attempted(() => reply(database as DatabaseSync, JSON.parse(line) as SqliteCommand)));
(database as DatabaseSync | null)?.close();
process.exit(0);
