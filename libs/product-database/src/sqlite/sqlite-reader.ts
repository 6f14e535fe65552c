import { closeSync } from 'node:fs';
import type { Relation, SqliteDatabase } from '@mailwarden/catalogue';
import { err, known, ok, unknown, type Measured, type Result } from '@mailwarden/kernel';
import { readingStatement } from '../reading-statement.js';
import { relationNames } from '../relation-names.js';
import type { DatabaseHost, RelationFacts, RelationReader } from '../relation-reader.js';
import { latestNumber, momentOf, UNITS_PER_SECOND } from '../unix-time.js';
import { askSqlite, type Rows } from './ask-sqlite.js';
import { openSqliteFile, type SqliteFile } from './sqlite-file.js';

/** Files asked about in one statement. Source: SQLite allows 32,766 values. */
const ASKED_AT_ONCE = 10_000;
const ONE_ROW = 1;

/** A row's moment in milliseconds since 1970; null where it is none. A text without a zone is in UTC, as SQLite itself takes it. */
function millisecondsOf(relation: Relation): { moment: string; isRightType: string } {
  const { time } = relationNames(relation);
  if (relation.timeUnit === 'timestamp') {
    const seconds = `CASE WHEN typeof(${time}) = 'text' THEN unixepoch(${time}, 'subsec') END`;
    return { moment: `(${seconds}) * 1000.0`, isRightType: `typeof(${time}) = 'text' AND unixepoch(${time}) IS NOT NULL` };
  }
  const isNumber = `typeof(${time}) IN ('integer', 'real')`;
  return { moment: `CASE WHEN ${isNumber} AND ${time} > 0 AND ${time} <= ${latestNumber(relation.timeUnit)} THEN ${time} * ${1_000 / UNITS_PER_SECOND[relation.timeUnit]} END`, isRightType: isNumber };
}

const cellOf = (rows: Rows, statement: number, column: number): string | number | null => rows[statement]?.[0]?.[column] ?? null;

/** What the table and its indexes take up of the file. */
async function bytesOf(file: SqliteFile, relation: Relation): Promise<Measured<number>> {
  const table = relation.relation.split('.').at(-1) ?? '';
  const sql = 'SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE AND name IN (SELECT name FROM sqlite_schema WHERE tbl_name = ? AND rootpage > 0)';
  const rows = await askSqlite(file, [{ sql, values: [table] }], ONE_ROW);
  if (!rows.ok) return unknown(`what it takes up of its file could not be read: ${rows.error}`);
  const bytes = cellOf(rows.value, 0, 0);
  return bytes === null ? unknown('a view holds nothing itself') : known(Number(bytes));
}

async function measure(file: SqliteFile, relation: Relation): Promise<Result<RelationFacts, string>> {
  const { table, time } = relationNames(relation);
  const { moment, isRightType } = millisecondsOf(relation);
  const rows = await askSqlite(file, [{ sql: `SELECT count(*), min(${moment}), max(${moment}), count(${time}), sum(${isRightType}) FROM ${table}`, values: [] }], ONE_ROW);
  if (!rows.ok) return rows;
  const [records, oldest, newest, withTime, ofRightType] = [0, 1, 2, 3, 4].map((column) => cellOf(rows.value, 0, column));
  if (Number(withTime) > 0 && Number(ofRightType) === 0) return err(relation.timeUnit === 'timestamp' ? 'the time column holds no time' : 'the time column holds no number');
  return ok({ records: Number(records), bytes: await bytesOf(file, relation), oldestAt: momentOf(oldest), newestAt: momentOf(newest) });
}

async function fileNames(file: SqliteFile, relation: Relation, namesMax: number): Promise<Result<string[], string>> {
  const { table, file: column } = relationNames(relation);
  if (column === null) return ok([]);
  const rows = await askSqlite(file, [{ sql: `SELECT ${column} FROM ${table} WHERE ${column} IS NOT NULL LIMIT ${namesMax + 1}`, values: [] }], namesMax);
  return rows.ok ? ok((rows.value[0] ?? []).map(([name]) => String(name))) : rows;
}

async function filesWithRows(file: SqliteFile, relation: Relation, files: readonly string[], before: Date | null): Promise<Result<Set<string>, string>> {
  const { table, file: column } = relationNames(relation);
  const younger = before === null ? '' : ` AND ${millisecondsOf(relation).moment} < ${before.getTime()}`;
  const statements = [];
  for (let at = 0; at < files.length; at += ASKED_AT_ONCE) {
    const some = files.slice(at, at + ASKED_AT_ONCE);
    statements.push({ sql: `SELECT DISTINCT ${column} FROM ${table} WHERE ${column} IN (${some.map(() => '?').join(', ')})${younger}`, values: some });
  }
  if (statements.length === 0) return ok(new Set());
  const rows = await askSqlite(file, statements, ASKED_AT_ONCE);
  const asked = new Set(files);
  return rows.ok ? ok(new Set(rows.value.flat().map(([name]) => String(name)).filter((name) => asked.has(name)))) : rows; // A column may compare without case.
}

async function value(file: SqliteFile, query: string): Promise<Result<string | null, string>> {
  const statement = readingStatement(query);
  if (!statement.ok) return statement;
  const rows = await askSqlite(file, [{ sql: `SELECT * FROM (${statement.value}) LIMIT 1`, values: [] }], ONE_ROW);
  if (!rows.ok) return rows;
  const found = cellOf(rows.value, 0, 0);
  return ok(found === null ? null : String(found));
}

/**
 * Reads a file of SQLite below the host's root, without a link on the way and without writing anything beside it: each question in a process of its own, looked at anew, because the product opens and closes the file as it likes.
 * Errors: why it cannot be read.
 */
export async function openSqlite(database: SqliteDatabase, { root, settings }: DatabaseHost): Promise<Result<RelationReader, string>> {
  const ask = async <T>(work: (file: SqliteFile) => Promise<Result<T, string>>): Promise<Result<T, string>> => {
    const file = openSqliteFile(root, database, settings);
    if (!file.ok) return file;
    try {
      return await work(file.value);
    } finally {
      closeSync(file.value.folderFd);
    }
  };
  const seen = await ask((file) => Promise.resolve(ok(file.inode)));
  if (!seen.ok) return err(`database ${database.name} cannot be read: ${seen.error}`);
  return ok({
    measure: (relation) => ask((file) => measure(file, relation)),
    fileNames: (relation, namesMax) => ask((file) => fileNames(file, relation, namesMax)),
    filesWithRows: (relation, files, before) => ask((file) => filesWithRows(file, relation, files, before)),
    value: (query) => ask((file) => value(file, query)),
    close: () => Promise.resolve(),
  });
}
