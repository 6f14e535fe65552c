import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { Relation } from '@mailwarden/catalogue';
import { RowsStay } from '../delete-rows-by-file.js';
import type { MariadbSession, Row } from '../mariadb/connect-mariadb.js';
import { relationNames } from '../relation-names.js';
import { holdMariadbTable } from './mariadb-hold.js';
import { mariadbLiteral, textLiteral } from './mariadb-key.js';

/** Lock wait timeout and deadlock. Source: MariaDB documentation, error codes. */
export const MARIADB_LOCKED: ReadonlySet<number> = new Set([1205, 1213]);
/** Who holds a row of a pair is waited for so long; then the files come back. Units: milliseconds. */
const LOCKED_MS_MAX = 5_000;
const PAUSE_MS = 50;
/** From here on errors are the client's own: the connection is gone, and nobody can tell. */
const CLIENT_ERRORS_FROM = 2_000;
const SERVER_ERRORS_AGAIN = 3_000;
const SERVER_GONE: ReadonlySet<number> = new Set([1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1927]);

const errnoOf = (cause: unknown): number => Number((cause as { errno?: unknown }).errno ?? 0);
/** True of a server's own no. */
const isRefusal = (errno: number): boolean => (errno >= 1_000 && errno < CLIENT_ERRORS_FROM && !SERVER_GONE.has(errno)) || errno >= SERVER_ERRORS_AGAIN;

/**
 * Deletes the rows of these files. Their keys are looked for first, without a lock, so that a column without an index locks nobody out.
 * Collations take names for the same that are not: they are compared byte by byte, the spaces at their ends too. Errors: as `PairTrimmer.removeFiles`.
 */
export async function removeMariadbHalves(session: MariadbSession, relation: Relation, files: readonly string[], keyOf: (cell: Row[number] | undefined) => string | null): Promise<void> {
  const { table, key, file } = relationNames(relation, '`');
  if (file === null) throw new TypeError('the relation names no files');
  if (files.length === 0) return;
  const names = files.map(textLiteral).join(', ');
  const isOneOf = `${file} IN (${names}) AND CONVERT(${file} USING utf8mb4) COLLATE utf8mb4_nopad_bin IN (${names})`;
  for (const untilMs = performance.now() + LOCKED_MS_MAX; ; await wait(PAUSE_MS)) {
    let ended = false;
    try {
      await session.run('START TRANSACTION');
      await holdMariadbTable(session, relation);
      const keys = (await session.run(`SELECT ${key} FROM ${table} WHERE ${isOneOf}`)).rows.flatMap(([cell]) => keyOf(cell) ?? []);
      if (keys.length > 0) await session.run(`DELETE FROM ${table} WHERE ${key} IN (${keys.map(mariadbLiteral).join(', ')}) AND ${isOneOf}`);
      ended = true;
      await session.run('COMMIT');
      return;
    } catch (cause) {
      const errno = errnoOf(cause);
      if (ended && !isRefusal(errno)) throw cause;
      await session.run('ROLLBACK').catch(() => undefined); // A lost connection has rolled back by itself.
      if (cause instanceof RangeError) throw new RowsStay(cause.message, { cause });
      if (MARIADB_LOCKED.has(errno) && performance.now() < untilMs) continue;
      if (isRefusal(errno)) throw new RowsStay(String(errno), { cause });
      throw cause;
    }
  }
}
