import { performance } from 'node:perf_hooks';
import type { Relation } from '@mailwarden/catalogue';
import { err, known, ok, type Result } from '@mailwarden/kernel';
import { attempt } from '../attempt.js';
import { connectProduct, LOCK_MS_MAX, type ProductClient } from '../connect.js';
import { deleteRowsByFile, filesWithRows } from '../delete-rows-by-file.js';
import { namesOfFiles, RELATION_BYTES, relationFacts } from '../measure-relation.js';
import { postgresNames } from '../relation-names.js';
import type { DatabaseHost } from '../relation-reader.js';
import { troubleOf } from '../trouble.js';
import { answerOf, orTooMany } from './answer-of.js';
import { chosenOf } from './chosen.js';
import { andChoice, choiceSql, heldSql } from './choice-condition.js';
import { postgresMoments } from './postgres-moment.js';
import { PostgresRole } from './postgres-role.js';
import { postgresNotes, postgresReplicas, postgresSettled } from './postgres-state.js';
import { LOCK_WAIT_MS_MAX, type ChosenRecords, type HalfRow, type HeldSpan, type OldestRecords, type PairTrimmer, type RecordTrimmer, type Removal, type RemoveOptions, type Stay, type TrimChoice, type TrimFacts } from './record-trimmer.js';
import { toldCount } from '../told-count.js';

/** Rows that are looked at to tell how large one is. */
const SAMPLE_ROWS = 1_000;
/** Of a row within a page. Source: PostgreSQL manual, Database Page Layout. Units: bytes. */
const ROW_OVERHEAD_BYTES = 28;
/** Lock not available, deadlock, serialisation failure. Source: PostgreSQL manual, appendix A. */
const LOCKED: ReadonlySet<string> = new Set(['55P03', '40P01', '40001']);
/** Foreign key and restrict violation. */
const REFERENCED: ReadonlySet<string> = new Set(['23503', '23001']);

const codeOf = (cause: unknown): string => String((cause as { code?: unknown }).code ?? '');

/** One table of a PostgreSQL. */
class PostgresTrimmer implements PairTrimmer {
  readonly #names;
  readonly #moments;

  constructor(
    private readonly client: ProductClient,
    private readonly relation: Relation,
    private readonly role: PostgresRole,
  ) {
    this.#names = postgresNames(relation);
    this.#moments = postgresMoments(relation);
  }

  #ask<T>(work: () => Promise<T>): Promise<T> {
    return answerOf(this.relation.database.name, work, troubleOf);
  }

  #read<T>(work: () => Promise<T>): Promise<T> {
    return this.#ask(() => this.role.reading(work));
  }

  async #row(sql: string, values: unknown[] = []): Promise<Record<string, string | null>> {
    const { rows } = await this.client.query<Record<string, string | null>>(sql, values);
    return rows[0] ?? {};
  }

  facts(): Promise<TrimFacts> {
    const { table } = this.#names;
    return this.#read(async () => {
      const { bytes, dated = 0, ...facts } = await relationFacts(this.client, this.relation, this.#moments.isMoment);
      const { size } = await this.#row(`SELECT avg(pg_column_size(sample.*)) AS size FROM (SELECT * FROM ${table} LIMIT ${SAMPLE_ROWS}) AS sample`);
      return { ...facts, bytes: known(bytes), dated, bytesInUse: size === null || size === undefined ? 0 : Math.min(bytes, Math.round(facts.records * (Number(size) + ROW_OVERHEAD_BYTES))) };
    });
  }

  amount(): ReturnType<RecordTrimmer['amount']> {
    const { table } = this.#names;
    return this.#read(async () => {
      const { records, bytes } = await this.#row(`SELECT count(*) AS records, ${RELATION_BYTES} AS bytes FROM ${table}`, [table]);
      return { records: toldCount(records), bytes: known(toldCount(bytes)) };
    });
  }

  count(choice: TrimChoice): Promise<number> {
    return this.#read(async () => toldCount((await this.#row(`SELECT count(*) AS records FROM ${this.#names.table} WHERE ${choiceSql(choice, this.#moments)}`))['records']));
  }

  momentAt(place: number): Promise<number | null> {
    const { isMoment, milliseconds, order } = this.#moments;
    return this.#read(async () => {
      const { at } = await this.#row(`SELECT ${milliseconds} AS at FROM ${this.#names.table} WHERE ${isMoment} ORDER BY ${order} OFFSET $1 LIMIT 1`, [place]);
      return at === null || at === undefined ? null : Number(at);
    });
  }

  oldest(choice: TrimChoice, itemsMax: number): Promise<OldestRecords> {
    const { milliseconds, order } = this.#moments;
    return this.#read(async () => {
      const { items, oldest, newest } = await this.#row(`SELECT count(*) AS items, min(at) AS oldest, max(at) AS newest FROM (SELECT ${milliseconds} AS at FROM (SELECT ${this.#names.time} FROM ${this.#names.table} WHERE ${choiceSql(choice, this.#moments)} ORDER BY ${order} LIMIT $1) AS oldest) AS moments`, [itemsMax]);
      const moment = (ms: string | null | undefined): number | null => (ms === null || ms === undefined ? null : Number(ms));
      return { items: toldCount(items), oldestMs: moment(oldest), newestMs: moment(newest) };
    });
  }

  choose(choice: TrimChoice, itemsMax: number, passedOver: ReadonlySet<string>): Promise<ChosenRecords> {
    const { table, key, time } = this.#names;
    const { milliseconds, order } = this.#moments;
    const without = passedOver.size === 0 ? '' : ` AND ${key}::text <> ALL($2::text[])`;
    return this.#read(async () => {
      // What is told of a row is reckoned for the chosen ones alone.
      const chosen = `SELECT ${key}, ${time} FROM ${table} WHERE ${choiceSql(choice, this.#moments)} AND ${key} IS NOT NULL${without} ORDER BY ${order}, ${key} LIMIT $1`;
      const { rows } = await this.client.query<[string, string]>({ text: `SELECT ${key}::text, ${milliseconds} FROM (${chosen}) AS chosen`, values: [itemsMax, ...(passedOver.size === 0 ? [] : [[...passedOver]])], rowMode: 'array' });
      return chosenOf(rows);
    });
  }

  async remove(keys: readonly string[], choice: TrimChoice, { beforeCommit }: RemoveOptions = {}): Promise<Removal> {
    const { table, key } = this.#names;
    const condition = choiceSql(choice, this.#moments);
    const startedMs = performance.now();
    const held = (): number => performance.now() - startedMs;
    try {
      await this.client.query('BEGIN');
      await this.role.holdTriggers();
      const { rowCount } = await this.client.query(`DELETE FROM ${table} WHERE ${key} = ANY($1) AND ${condition}`, [keys]);
      if (rowCount === keys.length) {
        beforeCommit?.();
        await this.client.query('COMMIT');
        return { removed: true, heldMs: held() };
      }
      await this.client.query('ROLLBACK');
      if ((rowCount ?? 0) > keys.length) throw new RangeError(`the key column ${this.relation.keyColumn} does not name single rows: ${rowCount ?? 0} rows for ${keys.length} keys`);
    } catch (cause) {
      await this.client.query('ROLLBACK').catch(() => undefined); // A lost connection has rolled back by itself.
      if (REFERENCED.has(codeOf(cause))) return { removed: false, heldMs: held(), why: 'referenced', stays: [] };
      if (!LOCKED.has(codeOf(cause))) return this.#ask(() => Promise.reject(cause as Error));
      return { removed: false, heldMs: held(), ...(await this.#ask(() => this.#locked(keys))) };
    }
    return { removed: false, heldMs: held(), why: 'changed', stays: await this.#without(keys, `SELECT ${key}::text FROM ${table} WHERE ${key} = ANY($1) AND ${condition}`) };
  }

  async #without(keys: readonly string[], free: string): Promise<string[]> {
    const { rows } = await this.#read(() => this.client.query<[string]>({ text: free, values: [keys], rowMode: 'array' }));
    const found = new Set(rows.map(([name]) => name));
    return keys.filter((name) => !found.has(name));
  }

  /** Which of these rows another session holds. To ask takes the right to change rows: without it smaller batches find out. */
  async #locked(keys: readonly string[]): Promise<{ why: Stay; stays: string[] }> {
    const { table, key } = this.#names;
    try {
      await this.client.query('BEGIN');
      await this.role.holdTriggers();
      const { rows } = await this.client.query<[string]>({ text: `SELECT ${key}::text FROM ${table} WHERE ${key} = ANY($1) FOR UPDATE SKIP LOCKED`, values: [keys], rowMode: 'array' });
      const free = new Set(rows.map(([name]) => name));
      return { why: 'locked', stays: keys.filter((name) => !free.has(name)) };
    } catch (cause) {
      if (cause instanceof RangeError) throw cause; // It runs code of others by now.
      return { why: LOCKED.has(codeOf(cause)) ? 'busy' : 'locked', stays: [] }; // The table as a whole, or no right to ask.
    } finally {
      await this.client.query('ROLLBACK').catch(() => undefined);
    }
  }

  left(keys: readonly string[], choice?: TrimChoice): Promise<number> {
    const { table, key } = this.#names;
    return this.#ask(async () => {
      await postgresSettled(this.client);
      return this.role.reading(async () => toldCount((await this.#row(`SELECT count(*) AS records FROM ${table} WHERE ${key} = ANY($1)${andChoice(choice, this.#moments)}`, [keys]))['records']));
    });
  }

  async removeFiles(files: readonly string[]): Promise<void> {
    await this.client.query(`SET lock_timeout = ${LOCK_MS_MAX}`); // A batch of pairs gives way only to who holds its rows for long: its files have to come back then.
    try {
      await deleteRowsByFile(this.client, this.relation, files, () => this.role.holdTriggers());
    } finally {
      await this.client.query(`SET lock_timeout = ${LOCK_WAIT_MS_MAX}`).catch(() => undefined);
    }
  }

  filesWithRows(files: readonly string[]): Promise<Set<string>> {
    return this.#read(() => filesWithRows(this.client, this.relation, files));
  }

  filesHeld(files: readonly string[], held: readonly HeldSpan[]): Promise<Set<string>> {
    return this.#read(() => filesWithRows(this.client, this.relation, files, null, heldSql(held, this.#moments)));
  }

  fileNames(namesMax: number): Promise<string[] | null> {
    return this.#read(() => orTooMany(namesOfFiles(this.client, this.relation, namesMax)));
  }

  halves(choice: TrimChoice, after: string | null, itemsMax: number): Promise<HalfRow[]> {
    const { table, key, file } = this.#names;
    return this.#read(async () => {
      const { rows } = await this.client.query<[string, string]>({ text: `SELECT ${key}::text, ${file ?? key}::text FROM ${table} WHERE ${choiceSql(choice, this.#moments)} AND ${file ?? key} IS NOT NULL${after === null ? '' : ` AND ${key} > $2`} ORDER BY ${key} LIMIT $1`, values: after === null ? [itemsMax] : [itemsMax, after], rowMode: 'array' });
      return rows.map(([name, half]) => ({ key: name, file: half }));
    });
  }

  forget(): Promise<void> {
    return Promise.resolve();
  }

  replicas(): ReturnType<RecordTrimmer['replicas']> {
    return this.#ask(() => postgresReplicas(this.client));
  }

  notes(deletedItems: number): Promise<string[]> {
    return this.#ask(() => postgresNotes(this.client, this.#names.table, this.relation.relation, deletedItems));
  }

  close(): Promise<void> {
    return this.client.end();
  }
}

/** Errors: why the database cannot be reached, or why its account deletes nothing. */
export async function openPostgresTrimmer(relation: Relation, { settings, rootPath }: DatabaseHost): Promise<Result<PairTrimmer, string>> {
  const client = await connectProduct(relation.database, settings, rootPath);
  if (!client.ok) return client;
  const role = await attempt(async () => {
    await client.value.query(`SET lock_timeout = ${LOCK_WAIT_MS_MAX}`);
    return PostgresRole.of(client.value, postgresNames(relation).table);
  }, troubleOf);
  if (role.ok) return ok(new PostgresTrimmer(client.value, relation, role.value));
  await client.value.end().catch(() => undefined);
  return err(`nothing can be deleted from ${relation.relation} of database ${relation.database.name}: ${role.error}`);
}
