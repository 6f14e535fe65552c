import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { Relation } from '@mailwarden/catalogue';
import { RowsStay } from '../delete-rows-by-file.js';
import { relationNames } from '../relation-names.js';
import type { SqliteWriter } from './sqlite-writer.js';

/** Who keeps the file to himself is waited for so long; then the files of the pairs come back. Units: milliseconds. */
const BUSY_MS_MAX = 10_000;
const PAUSE_MS = 50;
/** Files asked about in one statement. Source: SQLite allows 32,766 values. */
const ASKED_AT_ONCE = 10_000;
const LOW_BYTE = 0xff;

/** Busy and locked, in the low byte of a code. Source: SQLite, Result and Error Codes. */
export const SQLITE_BUSY = (code: number): boolean => [5, 6].includes(code & LOW_BYTE);

const marks = (values: readonly string[]): string => values.map(() => '?').join(', ');

/** Deletes the rows of these files. Their keys are looked for first, so that the write lock is held only for the deletion. Errors: as `PairTrimmer.removeFiles`. */
export async function removeSqliteHalves(writer: SqliteWriter, relation: Relation, files: readonly string[]): Promise<void> {
  const { table, key, file } = relationNames(relation);
  if (file === null) throw new TypeError('the relation names no files');
  if (files.length === 0) return;
  const names = files.map((name) => `t${name}`);
  const isOneOf = `${file} IN (${marks(names)}) AND ${file} COLLATE BINARY IN (${marks(names)})`; // A column may compare without case.
  const keys = (await writer.rows(`SELECT ${key} FROM ${table} WHERE ${isOneOf} AND typeof(${key}) IN ('integer', 'text', 'blob')`, [], [...names, ...names])).map(([cell]) => String(cell));
  if (keys.length === 0) return;
  for (const untilMs = performance.now() + BUSY_MS_MAX; ; await wait(PAUSE_MS)) {
    const reply = await writer.reply({ do: 'delete', sql: `DELETE FROM ${table} WHERE ${key} IN (${marks(keys)}) AND ${isOneOf}`, keys: [...keys, ...names, ...names], expected: null });
    if (!('code' in reply)) return;
    if (!SQLITE_BUSY(reply.code) || performance.now() > untilMs) throw new RowsStay(String(reply.code), { cause: null });
  }
}

/** Which of these files have a row of which a condition is true. A column may compare without case: only what was asked for counts. */
export async function sqliteFilesWithRows(writer: SqliteWriter, relation: Relation, files: readonly string[], condition = '1 = 1'): Promise<Set<string>> {
  const { table, file } = relationNames(relation);
  if (file === null) throw new TypeError('the relation names no files');
  const asked = new Set(files);
  const found = new Set<string>();
  for (let at = 0; at < files.length; at += ASKED_AT_ONCE) {
    const names = files.slice(at, at + ASKED_AT_ONCE).map((name) => `t${name}`);
    for (const [cell] of await writer.rows(`SELECT DISTINCT ${file} FROM ${table} WHERE ${file} IN (${marks(names)}) AND ${condition}`, [], names)) if (asked.has(String(cell).slice(1))) found.add(String(cell).slice(1));
  }
  return found;
}
