import type { Relation, ServerDatabase } from '@mailwarden/catalogue';
import { err, known, ok, unknown, type Measured, type Result } from '@mailwarden/kernel';
import { attempt } from '../attempt.js';
import { readingStatement } from '../reading-statement.js';
import { relationNames } from '../relation-names.js';
import type { DatabaseHost, RelationFacts, RelationReader } from '../relation-reader.js';
import { latestNumber, momentOf, UNITS_PER_SECOND } from '../unix-time.js';
import { connectMariadb, type MariadbSession } from './connect-mariadb.js';
import { mariadbTrouble } from './mariadb-trouble.js';
import { toldCount } from '../told-count.js';

/** Files asked about in one statement. */
const ASKED_AT_ONCE = 1_000;
/** Types of columns by their number in the protocol. Source: MariaDB documentation, result set packets. */
const TIMES: ReadonlySet<number> = new Set([7, 10, 12, 14]);
export const NUMBERS: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 8, 9, 246]);

/** Milliseconds since 1970 of a moment; one without a zone is in the server's own. */
const sinceEpoch = (moment: string): string => `TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', CONVERT_TZ(${moment}, @@session.time_zone, '+00:00')) / 1000`;

function extremes(relation: Relation): { oldest: string; newest: string } {
  const { time } = relationNames(relation, '`');
  if (relation.timeUnit === 'timestamp') {
    const real = `IF(TO_DAYS(${time}) > 0, ${time}, NULL)`; // The date of only zeroes is none.
    return { oldest: sinceEpoch(`MIN(${real})`), newest: sinceEpoch(`MAX(${real})`) };
  }
  const real = `IF(${time} > 0 AND ${time} <= ${latestNumber(relation.timeUnit)}, ${time}, NULL)`;
  const perUnit = 1_000 / UNITS_PER_SECOND[relation.timeUnit];
  return { oldest: `MIN(${real}) * ${perUnit}`, newest: `MAX(${real}) * ${perUnit}` };
}

/** Of the table's own file where the account may see it, else of the server's statistics, which lag behind. */
export async function mariadbBytes(session: MariadbSession, relation: Relation): Promise<Measured<number>> {
  const names = relation.relation.split('.');
  const table = names.at(-1) ?? '';
  const schema = names.length > 1 ? "'" + (names[0] ?? '') + "'" : 'DATABASE()';
  const files = await session.ask(`SELECT SUM(ALLOCATED_SIZE) FROM information_schema.INNODB_SYS_TABLESPACES WHERE NAME = CONCAT(${schema}, '/', ?) OR NAME LIKE CONCAT(${schema}, '/', ?, '#P#%')`, [table, table]).catch(() => null);
  const onDisk = files?.rows[0]?.[0] ?? null;
  if (onDisk !== null) return known(toldCount(onDisk));
  const { rows } = await session.ask(`SELECT DATA_LENGTH + INDEX_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${schema} AND TABLE_NAME = ?`, [table]);
  const counted = rows[0]?.[0] ?? null;
  return counted === null ? unknown('the database does not tell what it takes up; a view holds nothing itself') : known(toldCount(counted), "the server's own statistics");
}

/** Errors: throws what the server says, or that the column holds something else. */
async function checkTimeColumn(session: MariadbSession, relation: Relation): Promise<void> {
  const { table, time } = relationNames(relation, '`');
  const [type = -1] = (await session.ask(`SELECT ${time} FROM ${table} LIMIT 0`)).columnTypes;
  if (relation.timeUnit === 'timestamp' && !TIMES.has(type)) throw new RangeError('the time column holds no time');
  if (relation.timeUnit !== 'timestamp' && !NUMBERS.has(type)) throw new RangeError('the time column holds no number');
}

/** Errors: throws what the server says. */
export async function measureMariadb(session: MariadbSession, relation: Relation): Promise<RelationFacts> {
  await checkTimeColumn(session, relation);
  const { oldest, newest } = extremes(relation);
  const [row] = (await session.ask(`SELECT COUNT(*), ${oldest}, ${newest} FROM ${relationNames(relation, '`').table}`)).rows;
  return { records: toldCount(row?.[0]), bytes: await mariadbBytes(session, relation), oldestAt: momentOf(row?.[1] as string | null), newestAt: momentOf(row?.[2] as string | null) };
}

const textOf = (value: string | number | Buffer): string => (Buffer.isBuffer(value) ? value.toString('utf8') : typeof value === 'object' ? JSON.stringify(value) : String(value));

/** Errors: throws what the server says, and above `namesMax`. */
export async function mariadbFileNames(session: MariadbSession, relation: Relation, namesMax: number): Promise<string[]> {
  const { table, file } = relationNames(relation, '`');
  if (file === null) return [];
  const { rows } = await session.ask(`SELECT ${file} FROM ${table} LIMIT ${namesMax + 1}`);
  if (rows.length > namesMax) throw new RangeError(`more than ${namesMax} rows`);
  return rows.flatMap(([name]) => (name === null || name === undefined ? [] : [textOf(name)]));
}

function olderThan(relation: Relation, before: Date | null): { condition: string; values: (string | number)[] } {
  const { time } = relationNames(relation, '`');
  if (before === null) return { condition: '', values: [] };
  if (relation.timeUnit === 'timestamp') return { condition: ` AND ${time} < CONVERT_TZ(?, '+00:00', @@session.time_zone)`, values: [before.toISOString().replace('T', ' ').replace('Z', '')] };
  return { condition: ` AND ${time} < ?`, values: [(before.getTime() / 1_000) * UNITS_PER_SECOND[relation.timeUnit]] };
}

/** Collations take names for the same that are not: only what was asked for counts. */
export async function mariadbFilesWithRows(session: MariadbSession, relation: Relation, files: readonly string[], before: Date | null, heldBy = '1 = 1'): Promise<Set<string>> {
  const { table, file } = relationNames(relation, '`');
  const { condition, values } = olderThan(relation, before);
  const asked = new Set(files);
  const found = new Set<string>();
  for (let at = 0; at < files.length; at += ASKED_AT_ONCE) {
    const some = files.slice(at, at + ASKED_AT_ONCE);
    const { rows } = await session.ask(`SELECT ${file} FROM ${table} WHERE ${file} IN (${some.map(() => '?').join(', ')})${condition} AND ${heldBy}`, [...some, ...values]);
    for (const [name] of rows) if (name !== null && name !== undefined && asked.has(textOf(name))) found.add(textOf(name));
  }
  return found;
}

async function value(session: MariadbSession, query: string): Promise<Result<string | null, string>> {
  const statement = readingStatement(query);
  if (!statement.ok) return statement;
  return attempt(async () => {
    await session.ask('SET SESSION sql_select_limit = 1');
    try {
      const [first] = (await session.reading(() => session.ask(statement.value))).rows;
      const found = first?.[0];
      return found === null || found === undefined ? null : textOf(found);
    } finally {
      await session.ask('SET SESSION sql_select_limit = DEFAULT').catch(() => undefined);
    }
  }, mariadbTrouble);
}

/** Reads MariaDB in read-only transactions with short limits. Errors: why it cannot be reached. */
export async function openMariadb(database: ServerDatabase, host: DatabaseHost): Promise<Result<RelationReader, string>> {
  const session = await connectMariadb(database, host);
  if (!session.ok) return err(`database ${database.name} cannot be reached: ${session.error}`);
  const ask = <T>(work: () => Promise<T>): Promise<Result<T, string>> => attempt(() => session.value.reading(work), mariadbTrouble);
  return ok({
    measure: (relation) => ask(() => measureMariadb(session.value, relation)),
    fileNames: (relation, namesMax) => ask(() => mariadbFileNames(session.value, relation, namesMax)),
    filesWithRows: (relation, files, before) => ask(() => mariadbFilesWithRows(session.value, relation, files, before)),
    value: (query) => value(session.value, query),
    close: () => session.value.close(),
  });
}
