import type { Relation, ServerDatabase, SqliteDatabase } from '@mailwarden/catalogue';
import type { Result } from '@mailwarden/kernel';
import { openReader, type DatabaseHost, type RelationFacts, type RelationReader } from '@mailwarden/product-database';
import { beforeEach, describe, expect, it } from 'vitest';

/** One engine with a product that writes to it. */
export interface ProductDatabase {
  readonly database: ServerDatabase | SqliteDatabase;
  readonly host: DatabaseHost;
  /** Runs one statement as the product does. */
  run(statement: string): Promise<unknown>;
  /** Makes another process, as the product's own, keep the table `events` to itself until the function that comes back is called. */
  lock(): Promise<() => Promise<void>>;
}

/** How an engine spells what is the same in all of them. */
export interface Dialect {
  /** Type of a column of moments. */
  readonly moment: string;
  /** What a question of a profile calls the table `events`, where that is not enough. */
  readonly events?: string;
  /** Rows of the numbers from 1 to `rows`, as the expression of a FROM, with the column `n`. */
  readonly numbers: (rows: number) => string;
  /** A moment `n` seconds after the beginning of 2026. */
  readonly secondsAfter: (n: string) => string;
  /** A statement that never ends, and only reads. */
  readonly endless: string;
  readonly lockedWords: RegExp;
  readonly noTableWords: string;
  readonly noColumnWords: string;
}

/** Beginning of 2026. Units: seconds since 1970. */
const BEGINNING_S = 1_767_225_600;
const MANY = 1_000_000;
/** On a machine that others work on as well; a single core counts a million rows in about half a second. Units: milliseconds. */
const MANY_MS_MAX = 8_000;
const LOCKED_MS_MAX = 8_000;

export async function readerOf({ database, host }: ProductDatabase): Promise<RelationReader> {
  const opened = await openReader(database, host);
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

/** What every engine must say of the same tables. `product` is asked for once the suite runs. */
export function conformsToReader(product: () => ProductDatabase, dialect: Dialect): void {
  const { events = 'events' } = dialect;
  const relation = (changed: Partial<Relation> = {}): Relation => ({ database: product().database, relation: 'events', keyColumn: 'id', timeColumn: 'at', timeUnit: 'timestamp', fileColumn: null, ...changed });
  const asked = async <T>(work: (reader: RelationReader) => Promise<T>): Promise<T> => {
    const reader = await readerOf(product());
    try {
      return await work(reader);
    } finally {
      await reader.close();
    }
  };
  /** A file that somebody keeps to himself is not even opened. */
  const measured = async (changed?: Partial<Relation>): Promise<Result<RelationFacts, string>> => {
    const opened = await openReader(product().database, product().host);
    if (!opened.ok) return opened;
    const found = await opened.value.measure(relation(changed));
    await opened.value.close();
    return found;
  };
  const facts = async (changed?: Partial<Relation>): Promise<RelationFacts> => {
    const found = await measured(changed);
    if (!found.ok) throw new Error(found.error);
    return found.value;
  };
  const valueOf = (query: string) => asked((reader) => reader.value(query));
  const fill = (rows: number): Promise<unknown> => product().run(`INSERT INTO events (id, at, number, note) SELECT n, ${dialect.secondsAfter('n')}, ${BEGINNING_S} + n, 'x' FROM ${dialect.numbers(rows)}`);

  beforeEach(async () => {
    await product().run('DROP TABLE IF EXISTS events');
    await product().run(`CREATE TABLE events (id bigint PRIMARY KEY, at ${dialect.moment} NULL, number bigint NULL, note varchar(200) NULL)`);
  });

  describe('a table', () => {
    it('is counted exactly, with its oldest, its newest and what it takes up', async () => {
      await fill(1_000);
      const found = await facts();
      expect(found).toMatchObject({ records: 1_000, bytes: { known: true }, oldestAt: '2026-01-01T00:00:01.000Z', newestAt: '2026-01-01T00:16:40.000Z' });
      expect(found.bytes.known && found.bytes.value).toBeGreaterThanOrEqual(16_384);
    });

    it('is nothing when it is empty', async () => {
      expect(await facts()).toMatchObject({ records: 0, oldestAt: null, newestAt: null });
    });

    it.each([
      ['unix-seconds', 1],
      ['unix-milliseconds', 1_000],
    ] as const)('counts %s, and takes no nonsense for a moment', async (timeUnit, perSecond) => {
      await fill(10);
      await product().run(`UPDATE events SET number = number * ${perSecond}`);
      const beyond = 3_093_527_980_800 * perSecond; // The year 99999.
      await product().run(`INSERT INTO events (id, number) VALUES (100, NULL), (101, 0), (102, -5), (103, ${beyond}), (104, 9223372036854775807)`);
      expect(await facts({ timeColumn: 'number', timeUnit })).toMatchObject({ records: 15, oldestAt: '2026-01-01T00:00:01.000Z', newestAt: '2026-01-01T00:00:10.000Z' });
    });

    it('counts records without a time', async () => {
      await fill(3);
      await product().run('INSERT INTO events (id) VALUES (100)');
      expect(await facts()).toMatchObject({ records: 4, oldestAt: '2026-01-01T00:00:01.000Z' });
    });

    it('that is not as the profile says is told', async () => {
      await fill(1);
      expect(await measured({ relation: 'absent' })).toEqual({ ok: false, error: dialect.noTableWords });
      expect(await measured({ timeColumn: 'absent' })).toEqual({ ok: false, error: dialect.noColumnWords });
      expect(await measured({ timeColumn: 'number' })).toMatchObject({ ok: false, error: expect.stringMatching(/the time column holds no time|a column has another type/) });
      expect(await measured({ timeColumn: 'note', timeUnit: 'unix-seconds' })).toMatchObject({ ok: false, error: expect.stringMatching(/the time column holds no number|a column has another type/) });
    });

    it('is read again after it could not be', async () => {
      await fill(2);
      await asked(async (reader) => {
        expect(await reader.measure(relation({ relation: 'absent' }))).toMatchObject({ ok: false });
        expect(await reader.measure(relation())).toMatchObject({ ok: true, value: { records: 2 } });
      });
    });

    it('that another process has locked is waited for only a moment', async () => {
      await fill(2);
      const unlock = await product().lock();
      try {
        const startedMs = performance.now();
        expect(await measured()).toMatchObject({ ok: false, error: expect.stringMatching(dialect.lockedWords) });
        expect(performance.now() - startedMs).toBeLessThan(LOCKED_MS_MAX);
      } finally {
        await unlock();
      }
      expect(await facts()).toMatchObject({ records: 2 });
    });

    it(`of ${MANY} rows is measured quickly`, async () => {
      await fill(MANY);
      const startedMs = performance.now();
      const found = await facts();
      const tookMs = performance.now() - startedMs;
      if (process.env['MAILWARDEN_TEST_LOG'] !== undefined) console.log(`${product().database.engine}: ${MANY} rows in ${tookMs.toFixed(0)} ms`);
      expect(found).toMatchObject({ records: MANY, oldestAt: '2026-01-01T00:00:01.000Z', newestAt: '2026-01-12T13:46:40.000Z' });
      expect(tookMs).toBeLessThan(MANY_MS_MAX);
    }, 120_000);

    it.each(['ev"ents', 'ev`ents', 'events; DROP TABLE events', "ev'ents", ''])('is never asked for by a name that is none: %j', async (name) => {
      await expect(measured({ relation: name })).rejects.toThrow('plain identifier');
      expect(await facts()).toMatchObject({ records: 0 });
    });
  });

  describe('the files of a pair', () => {
    const pair = (): Relation => relation({ fileColumn: 'note' });
    beforeEach(async () => {
      await product().run(`INSERT INTO events (id, at, note) VALUES (1, ${dialect.secondsAfter('1')}, 'a/one'), (2, ${dialect.secondsAfter('20')}, 'ü'), (3, ${dialect.secondsAfter('30')}, 'it''s'), (4, ${dialect.secondsAfter('40')}, NULL)`);
    });

    it('are named up to a bound', async () => {
      await asked(async (reader) => {
        const names = await reader.fileNames(pair(), 4);
        expect(names.ok && names.value.toSorted()).toEqual(['a/one', "it's", 'ü']);
        expect(await reader.fileNames(pair(), 2)).toEqual({ ok: false, error: 'more than 2 rows' });
      });
    });

    it('are found by their exact name, and by what is older', async () => {
      await asked(async (reader) => {
        expect(await reader.filesWithRows(pair(), ['A/ONE', 'a/one', 'a/one ', 'ü', 'u', "it's", "x' OR '1'='1"], null)).toEqual({ ok: true, value: new Set(['a/one', 'ü', "it's"]) });
        expect(await reader.filesWithRows(pair(), ['a/one', 'ü', "it's"], new Date((BEGINNING_S + 25) * 1_000))).toEqual({ ok: true, value: new Set(['a/one', 'ü']) });
        expect(await reader.filesWithRows(pair(), [], null)).toEqual({ ok: true, value: new Set() });
      });
    });

    it('are found however many are asked for', async () => {
      const many = Array.from({ length: 25_000 }, (_, n) => `none ${n}`);
      await asked(async (reader) => expect(await reader.filesWithRows(pair(), [...many, 'ü'], null)).toEqual({ ok: true, value: new Set(['ü']) }));
    });
  });

  describe("a profile's own question", () => {
    it.each([
      ['SELECT 1', '1'],
      ["SELECT 'ü'", 'ü'],
      ['SELECT NULL', null],
      ['SELECT 1 WHERE 1 = 0', null],
      [`SELECT count(*) FROM ${events}`, '3'],
      [`SELECT id FROM ${events} ORDER BY id DESC`, '3'],
      [`WITH chosen AS (SELECT id FROM ${events}) SELECT max(id) FROM chosen`, '3'],
    ])('%s: %j', async (query, expected) => {
      await fill(3);
      expect(await valueOf(query)).toEqual({ ok: true, value: expected });
    });

    it.each([`DROP TABLE ${events}`, `SELECT 1; DROP TABLE ${events}`, `INSERT INTO ${events} (id) VALUES (9)`, `DELETE FROM ${events}`, `WITH gone AS (SELECT 1) DELETE FROM ${events}`, 'CREATE TABLE more (id int)', 'COMMIT', '', 'SELECT 1)', 'SELECT * FROM (SELECT 1'])('changes nothing: %s', async (query) => {
      await fill(1);
      expect(await valueOf(query)).toMatchObject({ ok: false });
      expect(await facts()).toMatchObject({ records: 1 });
      expect(await measured({ relation: 'more' })).toMatchObject({ ok: false });
    });

    it('that never ends is given up', async () => {
      const startedMs = performance.now();
      expect(await valueOf(dialect.endless)).toMatchObject({ ok: false, error: expect.stringContaining('it took longer than a mail server can spare') });
      expect(performance.now() - startedMs).toBeLessThan(40_000);
    }, 60_000);
  });
}
