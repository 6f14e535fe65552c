import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database, HostSettings, Relation } from '@mailwarden/catalogue';
import { connectProduct, fileNamesOf, measureRelation, ProductClient, readValue, troubleOf } from '@mailwarden/product-database';
import { startPostgres, type RunningPostgres } from '@mailwarden/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { conformsToReader } from './relation-conformance.js';

const DATABASE: Database = { engine: 'postgresql', socket: '/var/run/none', name: 'events', user: 'nobody' };
const EVENTS: Relation = { database: DATABASE, relation: 'public.events', keyColumn: 'id', timeColumn: 'at', timeUnit: 'timestamp', fileColumn: null };

let postgres: RunningPostgres;
let settings: HostSettings;
let client: ProductClient;
/** Another session, as the product's own. */
let product: ProductClient;

async function connected(): Promise<ProductClient> {
  const opened = await connectProduct(DATABASE, settings, '/');
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

async function troubleIn(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (cause) {
    return troubleOf(cause);
  }
  throw new Error('it went well');
}

async function fill(rows: number): Promise<void> {
  await product.query(`INSERT INTO events (id, at, note) SELECT n, timestamptz '2026-01-01 00:00:00+00' + n * interval '1 second', 'x' FROM generate_series(1, ${rows}) AS n`);
}

beforeAll(async () => {
  postgres = await startPostgres();
  settings = { databases: { events: { host: '127.0.0.1', port: postgres.port, name: 'postgres', user: postgres.superuser, passwordFile: postgres.passwordFile } } };
  client = await connected();
  product = await connected();
  await product.query('SET search_path = public');
});
beforeEach(async () => {
  await product.query('DROP TABLE IF EXISTS events');
  await product.query('CREATE TABLE events (id bigint PRIMARY KEY, at timestamptz, note text)');
});
afterAll(async () => {
  await client?.end().catch(() => undefined);
  await product?.end().catch(() => undefined);
  await postgres?.stop();
});

describe('a table is measured', () => {
  it('exactly, also when times are missing or beyond all years', async () => {
    await fill(10);
    await product.query(`INSERT INTO events VALUES (100, NULL, ''), (101, 'infinity', ''), (102, '-infinity', ''), (103, '294276-01-01', ''), (104, '4000-01-01 BC', '')`);
    expect(await measureRelation(client, EVENTS)).toMatchObject({ records: 15, oldestAt: '2026-01-01T00:00:01.000Z', newestAt: '2026-01-01T00:00:10.000Z' });
  });

  it('when it is empty, and when it is split into parts', async () => {
    expect(await measureRelation(client, EVENTS)).toMatchObject({ records: 0, oldestAt: null, newestAt: null });
    await product.query('DROP TABLE IF EXISTS split');
    await product.query('CREATE TABLE split (id bigint, at timestamptz) PARTITION BY RANGE (at)');
    await product.query(`CREATE TABLE split_2026 PARTITION OF split FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`);
    await product.query(`INSERT INTO split SELECT n, timestamptz '2026-01-01' + n * interval '1 second' FROM generate_series(1, 1000) AS n`);
    const measured = await measureRelation(client, { ...EVENTS, relation: 'public.split' });
    expect(measured.records).toBe(1000);
    expect(measured.bytes).toBeGreaterThan(8_192);
  });

  it('or it is said why not, and the connection serves on', async () => {
    await product.query('DROP TABLE IF EXISTS odd');
    await product.query('CREATE TABLE odd (id bigint, at bigint)');
    expect(await troubleIn(measureRelation(client, { ...EVENTS, relation: 'public.absent' }))).toBe('there is no such table (42P01)');
    expect(await troubleIn(measureRelation(client, { ...EVENTS, timeColumn: 'absent' }))).toBe('there is no such column (42703)');
    expect(await troubleIn(measureRelation(client, { ...EVENTS, relation: 'public.odd' }))).toBe('the time column holds no time (42846)');
    await product.query('DROP ROLE IF EXISTS watcher');
    await product.query(`CREATE ROLE watcher LOGIN PASSWORD 'watcher'`);
    expect((await measureRelation(client, EVENTS)).records).toBe(0);
  });

  it.each(['public.ev"ents', 'events; DROP TABLE events', 'Events', "ev'ents", ''])('never by a name that is none: %j', async (relation) => {
    await expect(measureRelation(client, { ...EVENTS, relation })).rejects.toThrow('plain identifier');
  });

  it('not while another session has locked it, and waits for that only for a moment', async () => {
    await fill(10);
    await product.query('BEGIN');
    await product.query('LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
    try {
      const startedMs = performance.now();
      expect(await troubleIn(measureRelation(client, EVENTS))).toBe('another session has locked it (55P03)');
      expect(performance.now() - startedMs).toBeLessThan(8_000);
    } finally {
      await product.query('ROLLBACK');
    }
    expect((await measureRelation(client, EVENTS)).records).toBe(10);
  });

  it('by names of files only up to a bound', async () => {
    await fill(3);
    const named: Relation = { ...EVENTS, fileColumn: 'note' };
    expect(await fileNamesOf(client, named, 3)).toHaveLength(3);
    await expect(fileNamesOf(client, named, 2)).rejects.toThrow('more than 2 rows');
  });
});

describe("a profile's own question", () => {
  it('names its tables with their schema, and never means a function of the product under a name of the server', async () => {
    await product.query('DROP FUNCTION IF EXISTS lower(integer); CREATE FUNCTION lower(integer) RETURNS text LANGUAGE sql AS $$ SELECT 1::text $$');
    await fill(2);
    expect(await readValue(client, 'SELECT count(*) FROM public.events')).toBe('2');
    expect(await troubleIn(readValue(client, 'SELECT count(*) FROM events'))).toBe('there is no such table (42P01)');
    expect(await troubleIn(readValue(client, 'SELECT lower(1)'))).toBe('a column has another type (42883)');
  });

  it.each([
    ['SELECT 1', '1'],
    ["SELECT 'ü'", 'ü'],
    ["SELECT timestamptz '2026-01-01 00:00:00+00'", '2026-01-01T00:00:00.000Z'],
    ["SELECT true", 'true'],
    [`SELECT '{"a":1}'::jsonb`, '{"a":1}'],
    ['SELECT NULL', null],
    ['SELECT 1 WHERE false', null],
    ['SELECT a FROM generate_series(1, 10000) AS a, generate_series(1, 10000) AS b', '1'],
  ])('%s: %j', async (query, expected) => {
    expect(await readValue(client, query)).toBe(expected);
  });

  it.each(['DROP TABLE public.events', 'SELECT 1; COMMIT; DROP TABLE public.events', "INSERT INTO public.events VALUES (1, now(), '')", "WITH gone AS (DELETE FROM public.events RETURNING id) SELECT id FROM gone", "COPY public.events TO PROGRAM 'true'", "SELECT nextval('public.numbers')", 'SELECT', 'DO $$ BEGIN END $$'])('changes nothing: %s', async (query) => {
    await fill(1);
    await product.query('CREATE SEQUENCE IF NOT EXISTS numbers');
    await readValue(client, query).catch(() => null);
    expect((await measureRelation(client, EVENTS)).records).toBe(1);
    const { rows } = await product.query<{ is_called: boolean }>('SELECT is_called FROM numbers');
    expect(rows[0]?.is_called).toBe(false);
  });

  it('that takes too long is given up', async () => {
    await client.query('SET statement_timeout = 200');
    try {
      expect(await troubleIn(readValue(client, 'SELECT pg_sleep(30)'))).toBe('it took longer than a mail server can spare (57014)');
    } finally {
      await client.query('RESET statement_timeout');
    }
  });
});

describe('a database that cannot be reached', () => {
  const reasonOf = async (changed: Partial<HostSettings['databases'][string]>): Promise<string> => {
    const place = settings.databases['events'];
    if (place === undefined) throw new Error('no place');
    const opened = await connectProduct(DATABASE, { databases: { events: { ...place, ...changed } } }, '/');
    if (!opened.ok) return opened.error;
    await opened.value.end();
    return 'reached';
  };

  it('says why, and never throws', async () => {
    expect(await reasonOf({})).toBe('reached');
    expect(await reasonOf({ name: 'absent' })).toBe('database events cannot be reached: there is no such database (3D000)');
    expect(await reasonOf({ port: 1 })).toBe('database events cannot be reached: nobody listens there (ECONNREFUSED)');
    expect(await reasonOf({ host: '/nowhere' })).toBe('database events cannot be reached: its socket does not exist (ENOENT)');
    expect(await reasonOf({ passwordFile: '/nowhere/password' })).toBe('database events cannot be reached: its password file /nowhere/password cannot be read (ENOENT)');
    const unknown = await connectProduct({ ...DATABASE, name: 'constructor' }, settings, '/');
    expect(unknown).toMatchObject({ ok: false, error: 'database constructor cannot be reached: its socket does not exist (ENOENT)' });
  });

  it('is handed no file that is no password', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'mailwarden-password-'));
    try {
      const file = join(dir, 'password');
      for (const content of ['x'.repeat(2_000), 'root:x:0:0\nmail:x:8:8\n']) {
        writeFileSync(file, content);
        expect(await reasonOf({ passwordFile: file })).toContain('put the password alone there');
      }
      mkdirSync(join(dir, 'folder'));
      expect(await reasonOf({ passwordFile: join(dir, 'folder') })).toContain('cannot be reached');
      writeFileSync(file, 'wrong');
      chmodSync(file, 0o600);
      expect(await reasonOf({ passwordFile: file })).toBe('database events cannot be reached: the password is not right (28P01)');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('a store in PostgreSQL', () => {
  let fd: number;
  beforeAll(() => void (fd = openSync('/', 'r')));
  afterAll(() => closeSync(fd));
  conformsToReader(
    () => ({
      database: DATABASE,
      host: { root: { fd }, rootPath: '/', settings },
      run: (statement) => product.query(statement),
      lock: async () => {
        await product.query('BEGIN');
        await product.query('LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
        return async () => void (await product.query('ROLLBACK'));
      },
    }),
    {
      moment: 'timestamptz',
      events: 'public.events',
      numbers: (rows) => `generate_series(1, ${rows}) AS n`,
      secondsAfter: (n) => `timestamptz '2026-01-01 00:00:00+00' + ${n} * interval '1 second'`,
      endless: 'SELECT pg_sleep(600)',
      lockedWords: /^another session has locked it \(55P03\)$/,
      noTableWords: 'there is no such table (42P01)',
      noColumnWords: 'there is no such column (42703)',
    },
  );
});

/** Last: it ends the server. */
describe('a database that goes away', () => {
  async function pidOf(session: ProductClient): Promise<number> {
    const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return rows[0]?.pid ?? 0;
  }

  it('in the middle of a question is told, and the end of the connection does not wait', async () => {
    const lost = await connected();
    const pid = await pidOf(lost);
    const asked = troubleIn(readValue(lost, 'SELECT pg_sleep(15)'));
    for (let asleep = 0; asleep === 0; ) asleep = (await product.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND query LIKE 'FETCH%'", [pid])).rows.length;
    await product.query('SELECT pg_terminate_backend($1)', [pid]);
    expect(await asked).toMatch(/the server is shutting down \(57P01\)|no answer/);
    await lost.end();
  });

  it('without a word, as behind a cable that was pulled, does not hold who says goodbye', async () => {
    const pipes: Socket[] = [];
    const cable = createServer((near) => {
      const far = connect(postgres.port, '127.0.0.1');
      pipes.push(near, far);
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => cable.listen(0, '127.0.0.1', resolve));
    const place = settings.databases['events'];
    if (place === undefined) throw new Error('no place');
    const opened = await connectProduct(DATABASE, { databases: { events: { ...place, port: (cable.address() as AddressInfo).port } } }, '/');
    if (!opened.ok) throw new Error(opened.error);
    for (const pipe of pipes) pipe.unpipe().pause();
    const startedMs = performance.now();
    await opened.value.end();
    expect(performance.now() - startedMs).toBeLessThan(6_000);
    for (const pipe of pipes) pipe.destroy();
    await new Promise((resolve) => cable.close(resolve));
  });

  it('for good is told', async () => {
    const other = await connected();
    await postgres.kill();
    expect(await troubleIn(measureRelation(other, EVENTS))).toMatch(/no answer|code |shutting down|the connection was lost/);
    await other.end();
    expect(await connectProduct(DATABASE, settings, '/')).toMatchObject({ ok: false, error: 'database events cannot be reached: nobody listens there (ECONNREFUSED)' });
  });
});
