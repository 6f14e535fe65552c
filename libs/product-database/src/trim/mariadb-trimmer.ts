import { performance } from 'node:perf_hooks';
import type { Relation, ServerDatabase } from '@mailwarden/catalogue';
import { err, type Result } from '@mailwarden/kernel';
import { attempt } from '../attempt.js';
import { connectMariadb, type MariadbSession } from '../mariadb/connect-mariadb.js';
import { mariadbBytes, mariadbFileNames, mariadbFilesWithRows, measureMariadb, NUMBERS } from '../mariadb/mariadb-reader.js';
import { mariadbTrouble } from '../mariadb/mariadb-trouble.js';
import { relationNames } from '../relation-names.js';
import type { DatabaseHost } from '../relation-reader.js';
import { answerOf, orTooMany } from './answer-of.js';
import { chosenOf } from './chosen.js';
import { andChoice, choiceSql, heldSql } from './choice-condition.js';
import { mariadbKey, mariadbLiteral } from './mariadb-key.js';
import { mariadbMoments } from './mariadb-moment.js';
import { assertTrimmable, holdMariadbTable, readingMariadbTable } from './mariadb-hold.js';
import { mariadbNotes, mariadbReplicas } from './mariadb-state.js';
import { MARIADB_LOCKED, removeMariadbHalves } from './mariadb-halves.js';
import type { ChosenRecords, HalfRow, HeldSpan, OldestRecords, PairTrimmer, RecordTrimmer, Removal, RemoveOptions, Stay, TrimChoice, TrimFacts } from './record-trimmer.js';
import { toldCount } from '../told-count.js';

/** Foreign keys that refuse. Source: MariaDB documentation, error codes. */
const REFERENCED: ReadonlySet<number> = new Set([1217, 1451]);
/** While a session that a killed process left behind ends. Units: seconds. */
const SETTLED_SECONDS_MAX = 60;

const errnoOf = (cause: unknown): number => Number((cause as { errno?: unknown }).errno ?? 0);
const momentOf = (cell: unknown): number | null => (cell === null || cell === undefined ? null : Number(cell));

/** One table of a MariaDB. */
class MariadbTrimmer implements PairTrimmer {
  readonly #names;
  readonly #moments;

  constructor(
    private readonly session: MariadbSession,
    private readonly relation: Relation,
    private readonly keyIsNumber: boolean,
  ) {
    this.#names = relationNames(relation, '`');
    this.#moments = mariadbMoments(relation);
  }

  #ask<T>(work: () => Promise<T>): Promise<T> {
    return answerOf(this.relation.database.name, work, mariadbTrouble);
  }

  #read<T>(work: () => Promise<T>): Promise<T> {
    return this.#ask(() => readingMariadbTable(this.session, this.relation, work));
  }

  facts(): Promise<TrimFacts> {
    return this.#read(async () => {
      const facts = await measureMariadb(this.session, this.relation);
      const [row] = (await this.session.run(`SELECT COUNT(*) FROM ${this.#names.table} WHERE ${this.#moments.isMoment}`)).rows;
      return { ...facts, dated: toldCount(row?.[0]), bytesInUse: facts.bytes.known ? facts.bytes.value : null };
    });
  }

  amount(): ReturnType<RecordTrimmer['amount']> {
    return this.#read(async () => ({ records: toldCount((await this.session.run(`SELECT COUNT(*) FROM ${this.#names.table}`)).rows[0]?.[0]), bytes: await mariadbBytes(this.session, this.relation) }));
  }

  count(choice: TrimChoice): Promise<number> {
    return this.#read(async () => toldCount((await this.session.run(`SELECT COUNT(*) FROM ${this.#names.table} WHERE ${choiceSql(choice, this.#moments)}`)).rows[0]?.[0]));
  }

  momentAt(place: number): Promise<number | null> {
    const { isMoment, milliseconds, order } = this.#moments;
    return this.#read(async () => momentOf((await this.session.run(`SELECT ${milliseconds} FROM ${this.#names.table} WHERE ${isMoment} ORDER BY ${order} LIMIT 1 OFFSET ${place}`)).rows[0]?.[0]));
  }

  oldest(choice: TrimChoice, itemsMax: number): Promise<OldestRecords> {
    const { milliseconds, order } = this.#moments;
    return this.#read(async () => {
      const [row] = (await this.session.run(`SELECT COUNT(*), MIN(at), MAX(at) FROM (SELECT ${milliseconds} AS at FROM ${this.#names.table} WHERE ${choiceSql(choice, this.#moments)} ORDER BY ${order} LIMIT ${itemsMax}) AS oldest`)).rows;
      return { items: toldCount(row?.[0]), oldestMs: momentOf(row?.[1]), newestMs: momentOf(row?.[2]) };
    });
  }

  choose(choice: TrimChoice, itemsMax: number, passedOver: ReadonlySet<string>): Promise<ChosenRecords> {
    const { table, key } = this.#names;
    const without = passedOver.size === 0 ? '' : ` AND ${key} NOT IN (${[...passedOver].map(mariadbLiteral).join(', ')})`;
    return this.#read(async () => {
      const { rows } = await this.session.run(`SELECT ${key}, ${this.#moments.milliseconds} FROM ${table} WHERE ${choiceSql(choice, this.#moments)} AND ${key} IS NOT NULL${without} ORDER BY ${this.#moments.order}, ${key} LIMIT ${itemsMax}`);
      return chosenOf(rows.flatMap(([cell, at]) => {
        const name = mariadbKey(cell, this.keyIsNumber);
        return name === null ? [] : [[name, momentOf(at)] as const];
      }));
    });
  }

  #keysOf(rows: Awaited<ReturnType<MariadbSession['run']>>['rows']): string[] {
    return rows.flatMap(([cell]) => mariadbKey(cell, this.keyIsNumber) ?? []);
  }

  #isOneOf(keys: readonly string[]): string {
    return `${this.#names.key} IN (${keys.map(mariadbLiteral).join(', ')})`;
  }

  async remove(keys: readonly string[], choice: TrimChoice, { beforeCommit }: RemoveOptions = {}): Promise<Removal> {
    const condition = `${this.#isOneOf(keys)} AND ${choiceSql(choice, this.#moments)}`;
    const startedMs = performance.now();
    const held = (): number => performance.now() - startedMs;
    try {
      await this.session.run('START TRANSACTION');
      await holdMariadbTable(this.session, this.relation);
      const { affected } = await this.session.run(`DELETE FROM ${this.#names.table} WHERE ${condition}`);
      if (affected === keys.length) {
        beforeCommit?.();
        await this.session.run('COMMIT');
        return { removed: true, heldMs: held() };
      }
      await this.session.run('ROLLBACK');
      if (affected > keys.length) throw new RangeError(`the key column ${this.relation.keyColumn} does not name single rows: ${affected} rows for ${keys.length} keys`);
    } catch (cause) {
      await this.session.run('ROLLBACK').catch(() => undefined); // A lost connection has rolled back by itself.
      if (REFERENCED.has(errnoOf(cause))) return { removed: false, heldMs: held(), why: 'referenced', stays: [] };
      if (!MARIADB_LOCKED.has(errnoOf(cause))) return this.#ask(() => Promise.reject(cause as Error));
      return { removed: false, heldMs: held(), ...(await this.#ask(() => this.#locked(keys))) };
    }
    return { removed: false, heldMs: held(), why: 'changed', stays: await this.#without(keys, condition) };
  }

  async #without(keys: readonly string[], condition: string): Promise<string[]> {
    const found = new Set(this.#keysOf((await this.#read(() => this.session.run(`SELECT ${this.#names.key} FROM ${this.#names.table} WHERE ${condition}`))).rows));
    return keys.filter((key) => !found.has(key));
  }

  /** Which of these rows another session holds. A server before 10.6 cannot say it: there smaller batches find out. */
  async #locked(keys: readonly string[]): Promise<{ why: Stay; stays: string[] }> {
    try {
      await this.session.run('START TRANSACTION');
      await holdMariadbTable(this.session, this.relation);
      const free = new Set(this.#keysOf((await this.session.run(`SELECT ${this.#names.key} FROM ${this.#names.table} WHERE ${this.#isOneOf(keys)} FOR UPDATE SKIP LOCKED`)).rows));
      return { why: 'locked', stays: keys.filter((key) => !free.has(key)) };
    } catch (cause) {
      if (cause instanceof RangeError) throw cause; // It is another one by now.
      return { why: MARIADB_LOCKED.has(errnoOf(cause)) ? 'busy' : 'locked', stays: [] };
    } finally {
      await this.session.run('ROLLBACK').catch(() => undefined);
    }
  }

  /** A batch of a killed process holds its rows until it is committed or its server has noticed: to lock them is to wait for that. */
  left(keys: readonly string[], choice?: TrimChoice): Promise<number> {
    return this.#ask(async () => {
      await this.session.run(`SET SESSION innodb_lock_wait_timeout = ${SETTLED_SECONDS_MAX}, max_statement_time = ${SETTLED_SECONDS_MAX}`);
      try {
        await this.session.run('START TRANSACTION');
        await holdMariadbTable(this.session, this.relation);
        return toldCount((await this.session.run(`SELECT COUNT(*) FROM (SELECT ${this.#names.key} FROM ${this.#names.table} WHERE ${this.#isOneOf(keys)}${andChoice(choice, this.#moments)} FOR UPDATE) AS present`)).rows[0]?.[0]);
      } finally {
        await this.session.run('ROLLBACK').catch(() => undefined);
        await this.session.run('SET SESSION innodb_lock_wait_timeout = 0, max_statement_time = 10').catch(() => undefined);
      }
    });
  }

  removeFiles(files: readonly string[]): Promise<void> {
    return removeMariadbHalves(this.session, this.relation, files, (cell) => mariadbKey(cell, this.keyIsNumber));
  }

  filesWithRows(files: readonly string[]): Promise<Set<string>> {
    return this.#read(() => mariadbFilesWithRows(this.session, this.relation, files, null));
  }

  filesHeld(files: readonly string[], held: readonly HeldSpan[]): Promise<Set<string>> {
    return this.#read(() => mariadbFilesWithRows(this.session, this.relation, files, null, heldSql(held, this.#moments)));
  }

  fileNames(namesMax: number): Promise<string[] | null> {
    return this.#read(() => orTooMany(mariadbFileNames(this.session, this.relation, namesMax)));
  }

  halves(choice: TrimChoice, after: string | null, itemsMax: number): Promise<HalfRow[]> {
    const { table, key, file } = this.#names;
    return this.#read(async () => {
      const { rows } = await this.session.run(`SELECT ${key}, CONVERT(${file ?? key} USING utf8mb4) FROM ${table} WHERE ${choiceSql(choice, this.#moments)} AND ${file ?? key} IS NOT NULL AND ${key} IS NOT NULL${after === null ? '' : ` AND ${key} > ${mariadbLiteral(after)}`} ORDER BY ${key} LIMIT ${itemsMax}`);
      return rows.flatMap(([cell, half]) => {
        const name = mariadbKey(cell, this.keyIsNumber);
        return name === null ? [] : [{ key: name, file: String(half) }];
      });
    });
  }

  forget(): Promise<void> {
    return Promise.resolve();
  }

  replicas(): ReturnType<RecordTrimmer['replicas']> {
    return this.#ask(() => mariadbReplicas(this.session));
  }

  notes(deletedItems: number): Promise<string[]> {
    return this.#ask(() => mariadbNotes(this.session, this.relation, deletedItems));
  }

  close(): Promise<void> {
    return this.session.close();
  }
}

/** Errors: why the database cannot be reached, or why its table cannot be trimmed with an exact account. */
export async function openMariadbTrimmer(relation: Relation, database: ServerDatabase, host: DatabaseHost): Promise<Result<PairTrimmer, string>> {
  const session = await connectMariadb(database, host, 'trim');
  if (!session.ok) return err(`database ${database.name} cannot be reached: ${session.error}`);
  const { table, key } = relationNames(relation, '`');
  const keyType = await attempt(async () => {
    await assertTrimmable(session.value, relation);
    return (await session.value.ask(`SELECT ${key} FROM ${table} LIMIT 0`)).columnTypes[0] ?? -1;
  }, mariadbTrouble);
  if (keyType.ok) return { ok: true, value: new MariadbTrimmer(session.value, relation, NUMBERS.has(keyType.value)) };
  await session.value.close();
  return err(`nothing can be deleted from ${relation.relation} of database ${database.name}: ${keyType.error}`);
}
