import type { Relation } from '@mailwarden/catalogue';
import { instantOf, type Instant } from '@mailwarden/kernel';
import type { ProductClient } from './connect.js';
import { relationNames } from './relation-names.js';

export interface MeasuredRelation {
  readonly records: number;
  /** On disk, with indexes. */
  readonly bytes: number;
  readonly oldestAt: Instant | null;
  readonly newestAt: Instant | null;
}

async function reading<T>(client: ProductClient, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN READ ONLY');
  try {
    return await work();
  } finally {
    await client.query('ROLLBACK');
  }
}

/** Counts a table's records exactly, with its oldest and newest, in one read-only transaction. */
export async function measureRelation(client: ProductClient, relation: Relation): Promise<MeasuredRelation> {
  const { table, time } = relationNames(relation);
  return reading(client, async () => {
    const { rows } = await client.query<{ records: string; bytes: string; oldest: Date | null; newest: Date | null }>(`SELECT count(*) AS records, pg_total_relation_size($1::regclass) AS bytes, min(${time})::timestamptz AS oldest, max(${time})::timestamptz AS newest FROM ${table}`, [table]);
    const [row] = rows;
    return { records: Number(row?.records ?? 0), bytes: Number(row?.bytes ?? 0), oldestAt: row?.oldest == null ? null : instantOf(row.oldest.getTime()), newestAt: row?.newest == null ? null : instantOf(row.newest.getTime()) };
  });
}

/** Names that the rows of a pair give their files, below the store's folder. Errors: throws above `namesMax`. */
export async function fileNamesOf(client: ProductClient, relation: Relation, namesMax: number): Promise<string[]> {
  const { table, file } = relationNames(relation);
  if (file === null) return [];
  return reading(client, async () => {
    const { rows } = await client.query<{ file: string | null }>(`SELECT ${file} AS file FROM ${table} LIMIT ${namesMax + 1}`);
    if (rows.length > namesMax) throw new RangeError(`more than ${namesMax} rows`);
    return rows.flatMap((row) => (row.file === null ? [] : [row.file]));
  });
}

/** One value by a profile's own SELECT, as text; null when there is no row. */
export async function readValue(client: ProductClient, query: string): Promise<string | null> {
  return reading(client, async () => {
    const { rows } = await client.query<unknown[]>({ text: query, rowMode: 'array' });
    const value = rows[0]?.[0];
    return value === undefined || value === null ? null : String(value);
  });
}
