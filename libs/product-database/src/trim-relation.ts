import type { Relation } from '@mailwarden/catalogue';
import type { ProductClient } from './connect.js';
import { postgresMoment, relationNames } from './relation-names.js';

/** Rows of one transaction: short, so that the product never waits for us. */
export const TRIM_ROWS_PER_BATCH = 1_000;

/**
 * Deletes the oldest rows of a table, one short batch, and returns how many went.
 * `announce` gets their keys before anything is deleted, and the transaction does not commit unless it returns: so a crash leaves a list from which `keysLeft` tells whether the batch took effect.
 * Safety: rows are chosen by the time column and deleted by key; rows that another transaction holds are passed over.
 */
export async function trimOldest(client: ProductClient, relation: Relation, rowsMax: number, olderThan: Date | null, announce: (keys: readonly string[]) => void, beforeCommit: () => void = () => undefined): Promise<number> {
  const { table, key } = relationNames(relation);
  const time = postgresMoment(relation);
  await client.query('BEGIN');
  try {
    const { rows } = await client.query<{ key: string }>(`SELECT ${key}::text AS key FROM ${table} WHERE $2::timestamptz IS NULL OR ${time} < $2::timestamptz ORDER BY ${time}, ${table}.${key} LIMIT $1 FOR UPDATE SKIP LOCKED`, [Math.min(rowsMax, TRIM_ROWS_PER_BATCH), olderThan]);
    const keys = rows.map((row) => row.key);
    if (keys.length > 0) {
      announce(keys);
      const { rowCount } = await client.query(`DELETE FROM ${table} WHERE ${key} = ANY($1)`, [keys]);
      if (rowCount !== keys.length) throw new Error(`the key column ${relation.keyColumn} does not name single rows: ${rowCount ?? 0} rows for ${keys.length} keys`);
    }
    beforeCommit();
    await client.query('COMMIT');
    return keys.length;
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => undefined); // A lost connection has rolled back by itself.
    throw cause;
  }
}

/** How many of these keys still have a row. */
export async function keysLeft(client: ProductClient, relation: Relation, keys: readonly string[]): Promise<number> {
  const { table, key } = relationNames(relation);
  const { rows } = await client.query<{ records: string }>(`SELECT count(*) AS records FROM ${table} WHERE ${key} = ANY($1)`, [keys]);
  return Number(rows[0]?.records ?? 0);
}

/** How many rows are older than a moment. */
export async function countOlderThan(client: ProductClient, relation: Relation, moment: Date): Promise<number> {
  const { table } = relationNames(relation);
  const time = postgresMoment(relation);
  const { rows } = await client.query<{ records: string }>(`SELECT count(*) AS records FROM ${table} WHERE ${time} < $1::timestamptz`, [moment]);
  return Number(rows[0]?.records ?? 0);
}

/** Time of the row at a place from the oldest, from 0; null beyond the last. */
export async function timeAt(client: ProductClient, relation: Relation, place: number): Promise<Date | null> {
  const { table, key } = relationNames(relation);
  const time = postgresMoment(relation);
  const { rows } = await client.query<{ at: Date | null }>(`SELECT ${time}::timestamptz AS at FROM ${table} ORDER BY ${time}, ${key} OFFSET $1 LIMIT 1`, [place]);
  return rows[0]?.at ?? null;
}
