import { closeSync } from 'node:fs';
import type { Relation, SqliteDatabase } from '@mailwarden/catalogue';
import { err, known, ok, unknown, type Result } from '@mailwarden/kernel';
import { relationNames } from '../relation-names.js';
import type { DatabaseHost } from '../relation-reader.js';
import { openSqliteFile, type SqliteFile } from '../sqlite/sqlite-file.js';
import { sqliteTrouble } from '../sqlite/sqlite-trouble.js';
import { momentOf } from '../unix-time.js';
import { answerOf } from './answer-of.js';
import { chosenOf } from './chosen.js';
import { andChoice, choiceSql, heldSql, type MomentSql } from './choice-condition.js';
import type { TrimTerms } from './trim-terms.js';
import { type ChosenRecords, type HalfRow, type HeldSpan, type OldestRecords, type PairTrimmer, type RecordTrimmer, type Removal, type RemoveOptions, type TrimChoice, type TrimFacts } from './record-trimmer.js';
import { removeSqliteHalves, SQLITE_BUSY, sqliteFilesWithRows } from './sqlite-halves.js';
import { SEEN, sqliteMoments } from './sqlite-moment.js';
import { openSqliteWriter, type SqliteWriter } from './sqlite-writer.js';
import { toldCount } from '../told-count.js';

/** Foreign key, and a trigger that refuses. Source: SQLite, Result and Error Codes. */
const REFERENCED: ReadonlySet<number> = new Set([787, 1811]);
/** What a table takes up is counted page by page, in one reading. In a larger file with a rollback journal that would keep the product from writing for too long. Units: bytes. */
const COUNTED_BYTES_MAX = 64 * 1024 * 1024;

/** Where rows are looked for, and how their moments are told there. */
interface Seen {
  readonly table: string;
  readonly key: string;
  readonly moments: MomentSql;
}

/** How long one page is read. A writer waits for it, and then looks again only after a pause of its own. Units: milliseconds. */
const PAGE_MS_GOAL = 20;
const UNCOUNTED = 'to count it would keep the product from writing for too long';

const marks = (keys: readonly string[]): string => keys.map(() => '?').join(', ');

/** One table of a file of SQLite. Whoever reads a file with a rollback journal keeps its writer from finishing: there the rows are copied out first, a short page at a time. */
class SqliteTrimmer implements PairTrimmer {
  readonly #names;
  readonly #moments;
  readonly #seen: Seen;
  #isCopied = false;
  #isChosen = false;

  constructor(
    private readonly writer: SqliteWriter,
    private readonly relation: Relation,
    private readonly file: SqliteFile,
    private readonly terms: TrimTerms,
  ) {
    this.#names = relationNames(relation);
    this.#moments = sqliteMoments(relation);
    this.#seen = file.withLog ? { ...this.#names, moments: this.#moments } : { table: 'temp.seen', key: 'key', moments: SEEN };
  }

  #ask<T>(work: () => Promise<T>): Promise<T> {
    return answerOf(this.relation.database.name, work, () => 'no answer');
  }

  async #copied(again = false): Promise<void> {
    if (this.file.withLog || (this.#isCopied && !again)) return;
    const { isMoment, milliseconds } = this.#moments;
    const reply = await this.writer.reply({ do: 'copy', table: this.#names.table, key: this.#names.key, at: `CASE WHEN ${isMoment} THEN ${milliseconds} END`, pageMs: PAGE_MS_GOAL });
    if ('code' in reply) throw new RangeError(sqliteTrouble(reply.code, reply.what));
    [this.#isCopied, this.#isChosen] = [true, false];
  }

  facts(): Promise<TrimFacts> {
    const { table, moments } = this.#seen;
    return this.#ask(async () => {
      await this.#copied(true);
      const at = `CASE WHEN ${moments.isMoment} THEN ${moments.milliseconds} END`;
      const [row] = await this.writer.rows(`SELECT count(*) * 1.0, count(${at}) * 1.0, min(${at}), max(${at}) FROM ${table}`);
      const [records, dated, oldest = null, newest = null] = row ?? [];
      const sizes = await this.#sizes();
      return { records: toldCount(records), dated: toldCount(dated), oldestAt: momentOf(oldest), newestAt: momentOf(newest), bytes: sizes === null ? unknown(UNCOUNTED) : known(sizes.bytes), bytesInUse: sizes?.inUse ?? null };
    });
  }

  async #sizes(): Promise<{ bytes: number; inUse: number } | null> {
    if (!this.file.withLog && this.file.bytes > COUNTED_BYTES_MAX) return null;
    const [row] = await this.writer.rows('SELECT sum(pgsize) * 1.0, sum(pgsize - unused) * 1.0 FROM dbstat WHERE aggregate = TRUE AND name IN (SELECT name FROM sqlite_schema WHERE tbl_name = ? AND rootpage > 0)', [], [`t${this.relation.relation.split('.').at(-1) ?? ''}`]);
    return { bytes: toldCount(row?.[0] ?? 0), inUse: toldCount(row?.[1] ?? 0) };
  }

  amount(): ReturnType<RecordTrimmer['amount']> {
    return this.#ask(async () => {
      const sizes = await this.#sizes();
      const reply = await this.writer.reply({ do: 'count', table: this.#names.table, key: this.#names.key, pageMs: PAGE_MS_GOAL });
      if ('code' in reply) throw new RangeError(sqliteTrouble(reply.code, reply.what));
      return { records: toldCount('rows' in reply ? reply.rows[0]?.[0] : null), bytes: sizes === null ? unknown(UNCOUNTED) : known(sizes.bytes) };
    });
  }

  async #number(sql: string): Promise<number> {
    return toldCount((await this.writer.rows(sql))[0]?.[0]);
  }

  count(choice: TrimChoice): Promise<number> {
    const { table, moments } = this.#seen;
    return this.#ask(async () => {
      await this.#copied();
      return this.#number(`SELECT count(*) * 1.0 FROM ${table} WHERE ${choiceSql(choice, moments)}`);
    });
  }

  momentAt(place: number): Promise<number | null> {
    const { table, moments } = this.#seen;
    return this.#ask(async () => {
      await this.#copied();
      const [row] = await this.writer.rows(`SELECT ${moments.milliseconds} FROM ${table} WHERE ${moments.isMoment} ORDER BY ${moments.order} LIMIT 1 OFFSET ${place}`);
      return row === undefined ? null : Number(row[0]);
    });
  }

  oldest(choice: TrimChoice, itemsMax: number): Promise<OldestRecords> {
    const { table, moments } = this.#seen;
    return this.#ask(async () => {
      await this.#copied();
      const [row] = await this.writer.rows(`SELECT count(*) * 1.0, min(moment), max(moment) FROM (SELECT ${moments.milliseconds} AS moment FROM ${table} WHERE ${choiceSql(choice, moments)} ORDER BY ${moments.order} LIMIT ${itemsMax})`);
      const moment = (place: number): number | null => (row?.[place] === null || row?.[place] === undefined ? null : Number(row[place]));
      return { items: toldCount(row?.[0]), oldestMs: moment(1), newestMs: moment(2) };
    });
  }

  choose(choice: TrimChoice, itemsMax: number, passedOver: ReadonlySet<string>): Promise<ChosenRecords> {
    const { table, key, moments } = this.#seen;
    const without = [...passedOver];
    return this.#ask(async () => {
      await this.#copied(this.#isChosen); // What was chosen before may be gone by now.
      this.#isChosen = true;
      const rows = await this.writer.rows(`SELECT ${key}, ${moments.milliseconds} * 1.0 FROM ${table} WHERE ${choiceSql(choice, moments)} AND typeof(${key}) IN ('integer', 'text', 'blob') AND ${key} NOT IN (${marks(without)}) ORDER BY ${moments.order}, ${key} LIMIT ${itemsMax}`, [], without);
      return chosenOf(rows.map(([cell, at]) => [String(cell), at ?? null]));
    });
  }

  remove(keys: readonly string[], choice: TrimChoice, { beforeCommit }: RemoveOptions = {}): Promise<Removal> {
    const { table, key } = this.#names;
    const condition = `${key} IN (${marks(keys)}) AND ${choiceSql(choice, this.#moments)}`;
    return this.#ask(async () => {
      beforeCommit?.(); // The process that writes commits by itself, so that its lock never waits for us.
      const reply = await this.writer.reply({ do: 'delete', sql: `DELETE FROM ${table} WHERE ${condition}`, keys, expected: keys.length });
      const heldMs = 'heldMs' in reply ? reply.heldMs : 0;
      if ('code' in reply) {
        if (SQLITE_BUSY(reply.code)) return { removed: false, heldMs, why: 'busy', stays: [] };
        if (REFERENCED.has(reply.code)) return { removed: false, heldMs, why: 'referenced', stays: [] };
        throw new RangeError(sqliteTrouble(reply.code, reply.what));
      }
      if ('committed' in reply && reply.committed) return { removed: true, heldMs };
      const changes = 'changes' in reply ? reply.changes : 0;
      if (changes > keys.length) throw new RangeError(`the key column ${this.relation.keyColumn} does not name single rows: ${changes} rows for ${keys.length} keys`);
      const there = new Set((await this.writer.rows(`SELECT ${key} FROM ${table} WHERE ${condition}`, [], keys)).map(([cell]) => String(cell)));
      return { removed: false, heldMs, why: 'changed', stays: keys.filter((name) => !there.has(name)) };
    });
  }

  left(keys: readonly string[], choice?: TrimChoice): Promise<number> {
    const { table, key } = this.#names;
    return this.#ask(async () => toldCount((await this.writer.rows(`SELECT count(*) * 1.0 FROM ${table} WHERE ${key} IN (${marks(keys)})${andChoice(choice, this.#moments)}`, [], keys, true))[0]?.[0]));
  }

  removeFiles(files: readonly string[]): Promise<void> {
    return removeSqliteHalves(this.writer, this.relation, files);
  }

  filesWithRows(files: readonly string[]): Promise<Set<string>> {
    return this.#ask(() => sqliteFilesWithRows(this.writer, this.relation, files));
  }

  filesHeld(files: readonly string[], held: readonly HeldSpan[]): Promise<Set<string>> {
    return this.#ask(() => sqliteFilesWithRows(this.writer, this.relation, files, heldSql(held, this.#moments)));
  }

  fileNames(namesMax: number): Promise<string[] | null> {
    const { table, file } = this.#names;
    return this.#ask(async () => {
      const rows = await this.writer.rows(`SELECT CAST(${file ?? 'NULL'} AS text) FROM ${table} WHERE ${file ?? 'NULL'} IS NOT NULL LIMIT ${namesMax + 1}`);
      return rows.length > namesMax ? null : rows.map(([name]) => String(name).slice(1));
    });
  }

  halves(choice: TrimChoice, after: string | null, itemsMax: number): Promise<HalfRow[]> {
    const { table, key, file } = this.#names;
    return this.#ask(async () => {
      const sql = `SELECT ${key}, CAST(${file ?? key} AS text) FROM ${table} WHERE ${choiceSql(choice, this.#moments)} AND ${file ?? key} IS NOT NULL AND typeof(${key}) IN ('integer', 'text', 'blob')${after === null ? '' : ` AND ${key} > ?`} ORDER BY ${key} LIMIT ${itemsMax}`;
      return (await this.writer.rows(sql, [], after === null ? [] : [after])).map(([name, half]) => ({ key: String(name), file: String(half).slice(1) }));
    });
  }

  forget(): Promise<void> {
    return Promise.resolve();
  }

  replicas(): ReturnType<RecordTrimmer['replicas']> {
    return Promise.resolve({ behind: null, hidden: false });
  }

  notes(deletedItems: number): Promise<string[]> {
    if (deletedItems === 0) return Promise.resolve([]);
    return this.#ask(async () => {
      const { relation } = this.relation;
      const automatic = await this.#number('SELECT auto_vacuum * 1.0 FROM pragma_auto_vacuum').catch(() => 0);
      const shrinks = automatic === 1 ? 'the file has shrunk with them' : automatic === 2 ? 'the file shrinks by PRAGMA incremental_vacuum' : 'the file shrinks only by VACUUM, which locks it for as long as it takes to write it anew: that is left to you';
      const held = this.terms.overwrite ? 'What they held was written over with zeroes in the file' : 'What they held stays in free pages until these are used again; an order with overwrite: true writes zeroes there';
      return [`${deletedItems} rows left ${relation}; ${shrinks}. ${held}`];
    });
  }

  async close(): Promise<void> {
    await this.writer.close();
    closeSync(this.file.folderFd);
  }
}

/** Errors: why the file cannot be written to. */
export async function openSqliteTrimmer(relation: Relation, database: SqliteDatabase, { root, settings }: DatabaseHost, terms: TrimTerms): Promise<Result<PairTrimmer, string>> {
  const file = openSqliteFile(root, database, settings);
  if (!file.ok) return err(`database ${database.name} cannot be opened: ${file.error}`);
  const writer = await openSqliteWriter(file.value, terms);
  if (writer.ok) return ok(new SqliteTrimmer(writer.value, relation, file.value, terms));
  closeSync(file.value.folderFd);
  return err(`database ${database.name} cannot be opened: ${writer.error}`);
}
