import type { Relation } from '@mailwarden/catalogue';
import type { Instant } from '@mailwarden/kernel';
import type { ProductClient } from './connect.js';
import { postgresMoment, postgresNames } from './relation-names.js';
import { momentOf } from './unix-time.js';
import { toldCount } from './told-count.js';

export interface MeasuredRelation {
  readonly records: number;
  /** On disk, with indexes. */
  readonly bytes: number;
  readonly oldestAt: Instant | null;
  readonly newestAt: Instant | null;
  /** Records of which a condition is true; absent where none was given. */
  readonly dated?: number;
}

/** Reads in a transaction that writes nothing, and ends with nothing kept of what was set in it. */
export async function reading<T>(client: ProductClient, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN READ ONLY');
  try {
    return await work();
  } finally {
    await client.query('ROLLBACK').catch(() => undefined); // A lost connection has rolled back by itself, and the first trouble is the one to tell.
  }
}

/** A table that is split holds nothing itself: its parts do. */
export const RELATION_BYTES = '(SELECT coalesce(sum(pg_total_relation_size(part.relid)), pg_total_relation_size($1::regclass)) FROM pg_partition_tree($1::regclass) AS part)';
/** Years that an instant can be written in. */
const WRITABLE = `BETWEEN timestamptz '0001-01-01 00:00:00+00' AND timestamptz '9999-12-31 23:59:59+00'`;

/** Counts a table's records exactly, with its oldest and newest, in the transaction that stands. Errors: throws what the database says. */
export async function relationFacts(client: ProductClient, relation: Relation, isMoment: string | null = null): Promise<MeasuredRelation> {
  const { table } = postgresNames(relation);
  const at = `${postgresMoment(relation)}::timestamptz`;
  const { rows } = await client.query<{ records: string; bytes: string; oldest: Date | null; newest: Date | null; dated?: string }>(
    `SELECT count(*) AS records, ${RELATION_BYTES} AS bytes, min(${at}) FILTER (WHERE ${at} ${WRITABLE}) AS oldest, max(${at}) FILTER (WHERE ${at} ${WRITABLE}) AS newest${isMoment === null ? '' : `, count(*) FILTER (WHERE ${isMoment}) AS dated`} FROM ${table}`,
    [table],
  );
  const [row] = rows;
  return { records: toldCount(row?.records), bytes: toldCount(row?.bytes), oldestAt: momentOf(row?.oldest?.getTime()), newestAt: momentOf(row?.newest?.getTime()), ...(row?.dated === undefined ? {} : { dated: toldCount(row.dated) }) };
}

/**
 * Counts a table's records exactly, with its oldest and newest, in one read-only transaction.
 * A record without a time, or with one beyond all years, is counted and is neither the oldest nor the newest. Errors: throws what the database says.
 */
export const measureRelation = (client: ProductClient, relation: Relation): Promise<MeasuredRelation> => reading(client, () => relationFacts(client, relation));

/** The same as `fileNamesOf`, in the transaction that stands. */
export async function namesOfFiles(client: ProductClient, relation: Relation, namesMax: number): Promise<string[]> {
  const { table, file } = postgresNames(relation);
  if (file === null) return [];
  const { rows } = await client.query<{ file: string | null }>(`SELECT ${file} AS file FROM ${table} LIMIT ${namesMax + 1}`);
  if (rows.length > namesMax) throw new RangeError(`more than ${namesMax} rows`);
  return rows.flatMap((row) => (row.file === null ? [] : [row.file]));
}

/** Names that the rows of a pair give their files, below the store's folder. Errors: throws above `namesMax`. */
export const fileNamesOf = (client: ProductClient, relation: Relation, namesMax: number): Promise<string[]> => reading(client, () => namesOfFiles(client, relation, namesMax));

const asText = (value: unknown): string => (value instanceof Date ? value.toISOString() : typeof value === 'object' ? JSON.stringify(value) : String(value));

/**
 * One value by a profile's own SELECT, as text; null when there is no row.
 * Safety: the statement is made a cursor's, which nothing but one reading statement can be, and one row of it is fetched.
 */
export async function readValue(client: ProductClient, query: string): Promise<string | null> {
  return reading(client, async () => {
    const declaration = { text: `DECLARE probe NO SCROLL CURSOR FOR ${query}`, queryMode: 'extended' }; // The simple protocol would take several statements.
    await client.query(declaration);
    const { rows } = await client.query<unknown[]>({ text: 'FETCH 1 FROM probe', rowMode: 'array' });
    const value = rows[0]?.[0];
    return value === undefined || value === null ? null : asText(value);
  });
}
