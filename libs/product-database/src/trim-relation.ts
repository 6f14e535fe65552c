import type { Relation } from '@mailwarden/catalogue';
import type { ProductClient } from './connect.js';
import { relationNames } from './relation-names.js';

/** Rows of one transaction: short, so that the product never waits for us. */
export const TRIM_ROWS_PER_BATCH = 1_000;

/**
 * Deletes the oldest rows of a table, one short batch. Returns how many went.
 * Safety: rows are chosen by the time column and then deleted by key in one statement; rows that another transaction holds are passed over.
 */
export async function trimOldest(client: ProductClient, relation: Relation, rowsMax: number, olderThan: Date | null): Promise<number> {
  const { table, key, time } = relationNames(relation);
  const rows = Math.min(rowsMax, TRIM_ROWS_PER_BATCH);
  const { rowCount } = await client.query(
    `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE $2::timestamptz IS NULL OR ${time} < $2::timestamptz ORDER BY ${time}, ${key} LIMIT $1 FOR UPDATE SKIP LOCKED)`,
    [rows, olderThan],
  );
  return rowCount ?? 0;
}

/** How many rows are older than a moment. */
export async function countOlderThan(client: ProductClient, relation: Relation, moment: Date): Promise<number> {
  const { table, time } = relationNames(relation);
  const { rows } = await client.query<{ records: string }>(`SELECT count(*) AS records FROM ${table} WHERE ${time} < $1::timestamptz`, [moment]);
  return Number(rows[0]?.records ?? 0);
}

/** Time of the row at a place from the oldest, from 0; null beyond the last. */
export async function timeAt(client: ProductClient, relation: Relation, place: number): Promise<Date | null> {
  const { table, key, time } = relationNames(relation);
  const { rows } = await client.query<{ at: Date | null }>(`SELECT ${time}::timestamptz AS at FROM ${table} ORDER BY ${time}, ${key} OFFSET $1 LIMIT 1`, [place]);
  return rows[0]?.at ?? null;
}
