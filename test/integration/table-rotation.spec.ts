import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import type { Relation } from '@mailwarden/catalogue';
import type { PairTrimmer } from '@mailwarden/product-database';
import { noDatabases, startMariadb, startPostgres, startRedis, type RunningMariadb, type RunningPostgres, type RunningRedis } from '@mailwarden/testing';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { conformsToTableTrimmer, conformsToTrimmer, TableHost, type TrimmedTable, type TrimmedProduct } from './trimmer-conformance.js';

const SKIPPED = noDatabases();
const SKIPPED_TITLE = SKIPPED === null ? '' : ` (skipped: ${SKIPPED})`;
const START_MS = 120_000;
const BEGINNING_S = Date.UTC(2026, 0, 1) / 1_000;
const EVENTS: Omit<Relation, 'database'> = { relation: 'events', keyColumn: 'id', timeColumn: 'at', timeUnit: 'timestamp', fileColumn: null };

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-tables-'));
  chmodSync(root, 0o777); // Also for a server that does not run as root.
  mkdirSync(join(root, 'run/product'), { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a table of PostgreSQL', () => {
  let server: RunningPostgres;
  let product: Client;
  const connect = async (): Promise<Client> => {
    const client = new Client({ host: '127.0.0.1', port: server.port, user: server.superuser, database: 'postgres', password: readFileSync(server.passwordFile, 'utf8').trim() });
    await client.connect();
    return client;
  };
  beforeAll(async () => {
    server = await startPostgres();
    product = await connect();
  }, START_MS);
  afterAll(async () => {
    await product?.end();
    await server?.stop();
  });
  const here = (): TrimmedTable => ({
    store: { rows: { database: { engine: 'postgresql', socket: '/x', name: 'product', user: 'x' }, ...EVENTS, relation: 'public.events' }, lists: null },
    root,
    settings: { databases: { product: { host: '127.0.0.1', port: server.port, name: 'postgres', user: server.superuser, passwordFile: server.passwordFile } } },
    fill: async (records) => {
      await product.query('DROP TABLE IF EXISTS refers; DROP TABLE IF EXISTS events; CREATE TABLE events (id bigint PRIMARY KEY, at timestamptz)');
      await product.query('INSERT INTO events SELECT n, to_timestamp($2 + n) FROM unnest($1::bigint[]) AS n', [records, BEGINNING_S]);
    },
    left: async () => (await product.query<{ id: string }>('SELECT id FROM events ORDER BY at, id')).rows.map(({ id }) => Number(id)),
    write: async (record, seconds) => void (await product.query('INSERT INTO events VALUES ($1, to_timestamp($2))', [record, BEGINNING_S + seconds])),
    touch: async (record, seconds) => void (await product.query('UPDATE events SET at = to_timestamp($2) WHERE id = $1', [record, seconds === null ? null : BEGINNING_S + seconds])),
    lock: async (record) => {
      const other = await connect();
      await other.query(`BEGIN; SELECT * FROM events WHERE id = ${record} FOR UPDATE`);
      return () => other.end();
    },
    lockAll: async () => {
      const other = await connect();
      await other.query('BEGIN; LOCK TABLE events IN EXCLUSIVE MODE');
      return () => other.end();
    },
    refer: async (record) => void (await product.query(`CREATE TABLE refers (event bigint REFERENCES events); INSERT INTO refers VALUES (${record})`)),
    writer: `async function connect() {
      const client = new (require('pg').Client)({ host: '127.0.0.1', port: ${server.port}, user: ${JSON.stringify(server.superuser)}, database: 'postgres', password: require('node:fs').readFileSync(${JSON.stringify(server.passwordFile)}, 'utf8').trim() });
      await client.connect();
      return (n) => client.query('INSERT INTO events VALUES ($1, to_timestamp($2))', [n, ${BEGINNING_S} + n]);
    }`,
  });
  conformsToTrimmer(here);
  conformsToTableTrimmer(here, true);

  it('tells whose rows leave as well, and that nobody vacuums', async () => {
    await here().fill([1, 2, 3]);
    await product.query('CREATE TABLE refers (event bigint REFERENCES events ON DELETE CASCADE); ALTER TABLE events SET (autovacuum_enabled = false)');
    const host = new TableHost(here);
    const { notes } = await host.rotate({ watermarks: [{ kind: 'records', limit: 2, target: 2 }] });
    expect(notes).toEqual([expect.stringContaining('run VACUUM (ANALYZE) public.events'), expect.stringContaining('ON DELETE CASCADE')]);
    host.remove();
  });

  it('needs no more than to read and to delete', async () => {
    await here().fill([1, 2, 3, 4, 5]);
    await product.query("DROP ROLE IF EXISTS trimmer; CREATE ROLE trimmer LOGIN PASSWORD 'trimmer'; GRANT SELECT, DELETE ON events TO trimmer");
    const passwordFile = join(root, 'trimmer');
    writeFileSync(passwordFile, 'trimmer', { mode: 0o600 });
    const host = new TableHost(() => ({ ...here(), settings: { databases: { product: { host: '127.0.0.1', port: server.port, name: 'postgres', user: 'trimmer', passwordFile } } } }));
    const other = await connect();
    await other.query('BEGIN; SELECT * FROM events WHERE id = 2 FOR UPDATE');
    expect(await host.rotate({ watermarks: [{ kind: 'records', limit: 1, target: 1 }] })).toMatchObject({ outcome: 'completed', deleted: { items: 3 }, skipped: [{ reason: 'open-for-writing', items: 1 }] });
    await other.end();
    await product.query('REVOKE DELETE ON events FROM trimmer');
    await expect(host.rotate({ watermarks: [{ kind: 'records', limit: 1, target: 1 }] })).rejects.toThrow(/the account may not/);
    host.remove();
  });

  it('keeps to a limit of bytes by what its rows take up, and takes no free space for data', async () => {
    await here().fill(Array.from({ length: 10_000 }, (_, n) => n + 1));
    const host = new TableHost(here);
    const bytes = { watermarks: [{ kind: 'bytes' as const, limit: 400_000, target: 300_000 }] };
    const first = await host.rotate(bytes);
    expect(first.outcome).toBe('completed');
    expect(first.deleted.items).toBeGreaterThan(1_000);
    expect(await host.rotate(bytes)).toMatchObject({ outcome: 'nothing-to-do', notes: [expect.stringContaining('free for new rows')] });
    host.remove();
  });
});

describe.skipIf(SKIPPED !== null)(`a table of MariaDB${SKIPPED_TITLE}`, () => {
  let server: RunningMariadb;
  let product: Connection;
  const connect = (): Promise<Connection> => createConnection({ socketPath: server.socket, user: 'product', database: 'product', multipleStatements: true });
  beforeAll(async () => {
    server = await startMariadb(join(root, 'run/product'));
    const superuser = await createConnection({ socketPath: server.socket, user: 'root' });
    await superuser.query('CREATE DATABASE product');
    await superuser.query('CREATE USER product@localhost');
    await superuser.query('CREATE USER trimmer@localhost');
    await superuser.query('GRANT ALL ON product.* TO product@localhost');
    await superuser.end();
    product = await connect();
    await product.query('CREATE TABLE events (id bigint PRIMARY KEY, at datetime(6))');
    const granter = await createConnection({ socketPath: server.socket, user: 'root' });
    await granter.query('GRANT SELECT, DELETE ON product.events TO trimmer@localhost');
    await granter.end();
  }, START_MS);
  afterAll(async () => {
    await product?.end().catch(() => undefined);
    await server?.stop();
  });
  const MOMENT = `CONVERT_TZ('2026-01-01 00:00:00', '+00:00', @@session.time_zone) + INTERVAL`;
  const here = (): TrimmedTable => ({
    store: { rows: { database: { engine: 'mariadb', socket: '/run/product/mysqld.sock', name: 'product', user: 'trimmer' }, ...EVENTS }, lists: null },
    root,
    settings: { databases: {} },
    fill: async (records) => {
      await product.query('DROP TABLE IF EXISTS refers; CREATE OR REPLACE TABLE events (id bigint PRIMARY KEY, at datetime(6))');
      for (let from = 0; from < records.length; from += 1_000) await product.query(`INSERT INTO events VALUES ${records.slice(from, from + 1_000).map((n) => `(${n}, ${MOMENT} ${n} SECOND)`).join(', ')}`);
    },
    left: async () => (await product.query<never[]>('SELECT id FROM events ORDER BY at, id'))[0].map(({ id }) => Number(id)),
    write: async (record, seconds) => void (await product.query(`INSERT INTO events VALUES (${record}, ${MOMENT} ${seconds} SECOND)`)),
    touch: async (record, seconds) => void (await product.query(`UPDATE events SET at = ${seconds === null ? 'NULL' : `${MOMENT} ${seconds} SECOND`} WHERE id = ${record}`)),
    lock: async (record) => {
      const other = await connect();
      await other.query('START TRANSACTION');
      await other.query(`SELECT * FROM events WHERE id = ${record} FOR UPDATE`);
      return () => other.end();
    },
    lockAll: async () => {
      const other = await connect();
      await other.query('LOCK TABLES events WRITE');
      return () => other.end();
    },
    refer: async (record) => void (await product.query(`CREATE TABLE refers (event bigint, FOREIGN KEY (event) REFERENCES events (id)); INSERT INTO refers VALUES (${record})`)),
    writer: `async function connect() {
      const client = await require('mysql2/promise').createConnection({ socketPath: ${JSON.stringify(server.socket)}, user: 'product', database: 'product' });
      return (n) => client.query("INSERT INTO events VALUES (" + n + ", ${MOMENT} " + n + " SECOND)");
    }`,
  });
  conformsToTrimmer(here);
  conformsToTableTrimmer(here, true);

  it('is left alone where a view took its place after the first look, whose functions run as whoever asks', async () => {
    const host = new TableHost(here);
    const superuser = await createConnection({ socketPath: server.socket, user: 'root', multipleStatements: true });
    await superuser.query('CREATE OR REPLACE TABLE product.asked (by_whom varchar(80)); GRANT SELECT, INSERT ON product.asked TO trimmer@localhost; SET GLOBAL log_bin_trust_function_creators = 1');
    await product.query('CREATE OR REPLACE FUNCTION spies() RETURNS int SQL SECURITY INVOKER BEGIN INSERT INTO asked VALUES (CURRENT_USER()); RETURN 1; END');
    await superuser.query('GRANT EXECUTE ON FUNCTION product.spies TO trimmer@localhost');
    const choice = { beforeMs: Infinity, held: [] };
    const uses: readonly ((trimmer: PairTrimmer) => Promise<unknown>)[] = [(one) => one.facts(), (one) => one.amount(), (one) => one.count(choice), (one) => one.momentAt(0), (one) => one.oldest(choice, 1), (one) => one.choose(choice, 1, new Set()), (one) => one.left(['n1']), (one) => one.halves(choice, null, 1), (one) => one.remove(['n1'], choice)];
    for (const use of uses) {
      await here().fill([1, 2]);
      await host.trimmer(async (trimmer) => {
        await product.query('RENAME TABLE events TO events_before; CREATE SQL SECURITY INVOKER VIEW events AS SELECT id, at FROM events_before WHERE spies() = 1');
        await superuser.query('GRANT SELECT, DELETE ON product.events_before TO trimmer@localhost');
        await expect(use(trimmer as PairTrimmer)).rejects.toThrow('it is no table, but a view');
      });
      expect((await product.query<RowDataPacket[]>('SELECT * FROM asked'))[0]).toEqual([]);
      await product.query('DROP VIEW events; RENAME TABLE events_before TO events');
    }
    await superuser.end();
    host.remove();
  });

  it('is refused where it knows no transactions, and where the account may only read', async () => {
    await here().fill([1, 2]);
    const host = new TableHost(here);
    const marks = { watermarks: [{ kind: 'records' as const, limit: 1, target: 1 }] };
    await product.query('ALTER TABLE events ENGINE=Aria');
    await expect(host.rotate(marks)).rejects.toThrow(/kept by Aria, which knows no transactions/);
    await product.query('ALTER TABLE events ENGINE=InnoDB');
    const superuser = await createConnection({ socketPath: server.socket, user: 'root' });
    await superuser.query('REVOKE DELETE ON product.events FROM trimmer@localhost');
    const order = randomUUID();
    await expect(host.rotate(marks, order)).rejects.toThrow(/the account may not/);
    await superuser.query('GRANT DELETE ON product.events TO trimmer@localhost');
    await superuser.end();
    expect(await host.rotate(marks, order)).toMatchObject({ deleted: { items: 1 } });
    host.remove();
  });

  it.each([
    ['varchar(40)', (n: number) => `'Ké''y ${n}'`],
    ['binary(16)', (n: number) => `UNHEX(MD5(${n}))`],
    ['uuid', (n: number) => `'00000000-0000-4000-8000-${String(n).padStart(12, '0')}'`],
    ['decimal(20,4)', (n: number) => `${n}.0005`],
  ])('is trimmed by keys of type %s', async (type, key) => {
    await product.query(`DROP TABLE IF EXISTS refers; CREATE OR REPLACE TABLE events (id ${type} PRIMARY KEY, at datetime(6))`);
    for (let n = 1; n <= 20; n += 1) await product.query(`INSERT INTO events VALUES (${key(n)}, ${MOMENT} ${n} SECOND)`);
    const host = new TableHost(here);
    expect(await host.rotate({ watermarks: [{ kind: 'records', limit: 5, target: 5 }] })).toMatchObject({ outcome: 'completed', deleted: { items: 15 } });
    expect((await product.query<never[]>(`SELECT 1 FROM events WHERE at < ${MOMENT} 16 SECOND`))[0]).toHaveLength(0);
    host.remove();
  });
});

describe.each(['delete', 'wal'])('a table of SQLite with the journal "%s"', (journal) => {
  const DATABASE = { engine: 'sqlite', name: 'product', file: '/var/opt/product/events.db' } as const;
  const isRoot = process.geteuid?.() === 0;
  const owner = 12_345;
  /** Closed, unlike the one that servers share. */
  let own: string;
  let folder: string;
  let product: DatabaseSync;
  const open = (): DatabaseSync => {
    const opened = new DatabaseSync(join(folder, 'events.db'), { timeout: 5_000 });
    opened.exec(`PRAGMA journal_mode=${journal}`);
    return opened;
  };
  beforeAll(() => {
    own = mkdtempSync(join(tmpdir(), 'mailwarden-sqlite-'));
    chmodSync(own, 0o755);
    folder = join(own, 'var/opt/product');
    for (const place of [folder, join(own, 'etc')]) mkdirSync(place, { recursive: true });
    writeFileSync(join(own, 'etc/passwd'), `product:x:${owner}:${owner}::/:\n`);
    product = open();
  });
  afterAll(() => {
    product.close();
    rmSync(own, { recursive: true });
  });
  const here = (): TrimmedTable => ({
    store: { rows: { database: DATABASE, ...EVENTS }, lists: null },
    root: own,
    settings: { databases: {} },
    fill: (records) => {
      product.exec('DROP TABLE IF EXISTS refers; DROP TABLE IF EXISTS events; CREATE TABLE events (id integer PRIMARY KEY, at text); BEGIN');
      const insert = product.prepare("INSERT INTO events VALUES (?, strftime('%Y-%m-%d %H:%M:%f', ? + ?, 'unixepoch'))");
      for (const record of records) insert.run(record, BEGINNING_S, record);
      product.exec('COMMIT');
      return Promise.resolve();
    },
    left: () => Promise.resolve(product.prepare('SELECT id FROM events ORDER BY at, id').all().map(({ id }) => Number(id))),
    write: (record, seconds) => Promise.resolve(void product.prepare("INSERT INTO events VALUES (?, strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch'))").run(record, BEGINNING_S + seconds)),
    touch: (record, seconds) => Promise.resolve(void product.prepare("UPDATE events SET at = strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch') WHERE id = ?").run(seconds === null ? null : BEGINNING_S + seconds, record)),
    lockAll: () => {
      const other = open();
      other.exec('BEGIN IMMEDIATE');
      return Promise.resolve(() => Promise.resolve(other.close()));
    },
    refer: (record) => Promise.resolve(product.exec(`CREATE TABLE refers (event integer REFERENCES events); INSERT INTO refers VALUES (${record})`)),
    writer: `async function connect() {
      const database = new (require('node:sqlite').DatabaseSync)(${JSON.stringify(join(folder, 'events.db'))}, { timeout: 5000 });
      const insert = database.prepare("INSERT INTO events VALUES (?, strftime('%Y-%m-%d %H:%M:%f', ? + ?, 'unixepoch'))");
      return (n) => insert.run(n, ${BEGINNING_S}, n);
    }`,
  });
  conformsToTrimmer(here);
  conformsToTableTrimmer(here, false);

  it.runIf(isRoot)(`is written to as its owner, and nothing that is not his lies beside it${isRoot ? '' : ' (skipped: only root can be somebody else)'}`, async () => {
    const { chownSync, lstatSync, readdirSync } = await import('node:fs');
    await here().fill([1, 2, 3]);
    product.close();
    for (const name of ['.', ...readdirSync(folder)]) chownSync(join(folder, name), owner, owner);
    const statusOf = (pid: string): string => readFileSync(`/proc/${pid}/status`, 'latin1');
    const writers = (): object[] =>
      readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1')
        .trim()
        .split(' ')
        .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('sqlite-writer-child'))
        .map((pid) => ({ uid: /^Uid:\t(\d+)/m.exec(statusOf(pid))?.[1], gid: /^Gid:\t(\d+)/m.exec(statusOf(pid))?.[1], rights: /^CapEff:\t(\w+)/m.exec(statusOf(pid))?.[1] }));
    const seen = new Set<string>();
    const look = (): void => readdirSync(folder).forEach((name) => {
      const stat = lstatSync(join(folder, name), { throwIfNoEntry: false });
      if (stat !== undefined) seen.add(`${name} ${stat.uid}:${stat.gid} ${(stat.mode & 0o777).toString(8)}`);
    });
    const host = new TableHost(here);
    const trimmed = await host.trimmer(async (trimmer) => {
      look();
      expect(writers()).toEqual([{ uid: String(owner), gid: String(owner), rights: '0000000000000000' }]);
      const choice = { beforeMs: Infinity, held: [] };
      const { keys } = await trimmer.choose(choice, 2, new Set());
      const removal = await trimmer.remove(keys, choice);
      look();
      return removal;
    });
    look();
    expect(trimmed).toMatchObject({ removed: true });
    expect(journal === 'wal' ? seen.size : 3).toBeGreaterThanOrEqual(3);
    for (const entry of seen) expect(entry).toMatch(/ 12345:12345 644$/);
    expect(readdirSync(folder)).toEqual(['events.db']);
    expect(lstatSync(join(folder, 'events.db'))).toMatchObject({ uid: owner, gid: owner });
    host.remove();
    chownSync(folder, 0, 0);
    product = open();
  });
});

describe.skipIf(SKIPPED !== null)(`lists of Redis${SKIPPED_TITLE}`, () => {
  let server: RunningRedis;
  let client: ReturnType<typeof createClient>;
  beforeAll(async () => {
    server = await startRedis({ folder: join(root, 'run/product') });
    client = createClient({ socket: { path: server.socket, tls: false } });
    await client.connect();
  }, START_MS);
  afterAll(async () => {
    client?.destroy();
    await server?.stop();
  });
  afterEach(async () => {
    const left = await client.keys('mailwarden:*');
    if (left.length > 0) throw new Error(`keys of ours are left: ${left.join(', ')}`);
  });
  const entry = (n: number): string => JSON.stringify({ unix_time: BEGINNING_S + n, n });
  /** Two lists, of which one is pushed to at its head and one at its tail. */
  const push = (n: number): Promise<unknown> => (n % 3 === 0 ? client.rPush('history_b', entry(n)) : client.lPush('history_a', entry(n)));
  const here = (): TrimmedProduct => ({
    store: { rows: null, lists: { database: { engine: 'redis', name: 'history', socket: '/run/product/redis.sock', port: null, index: 0 }, keys: 'history*', encoding: 'json', timeField: 'unix_time' } },
    root,
    settings: { databases: {} },
    fill: async (records) => {
      await client.flushAll();
      await Promise.all(records.map(push));
    },
    left: async () => [...(await client.lRange('history_a', 0, -1)), ...(await client.lRange('history_b', 0, -1))].map((text) => (JSON.parse(text) as { n: number }).n).sort((a, b) => a - b),
    writer: `async function connect() {
      const client = require('@redis/client').createClient({ socket: { path: ${JSON.stringify(server.socket)} } });
      await client.connect();
      return (n) => { const entry = JSON.stringify({ unix_time: ${BEGINNING_S} + n, n }); return n % 3 === 0 ? client.rPush('history_b', entry) : client.lPush('history_a', entry); };
    }`,
  });
  conformsToTrimmer(here);

  it('keep a note of each order\'s own: another order neither writes over it nor drops it, and the one of an earlier version counts', async () => {
    const host = new TableHost(here);
    await here().fill([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const choice = { beforeMs: Infinity, held: [] };
    const [one, other] = [randomUUID(), randomUUID()];
    const keys = await host.trimmer(async (trimmer) => {
      const chosen = await trimmer.choose(choice, 2, new Set());
      expect(await trimmer.remove(chosen.keys, choice)).toMatchObject({ removed: true });
      return chosen.keys;
    }, one);
    await host.trimmer(async (trimmer) => {
      expect(await trimmer.left(keys)).toBe(2);
      expect(await trimmer.remove((await trimmer.choose(choice, 2, new Set())).keys, choice)).toMatchObject({ removed: true });
      await trimmer.forget();
    }, other);
    await host.trimmer(async (trimmer) => {
      expect(await trimmer.left(keys)).toBe(0);
      await trimmer.forget();
      expect(await trimmer.left(keys)).toBe(2);
      await client.set(`mailwarden:trimmed:${createHash('sha1').update('history*').digest('hex').slice(0, 16)}`, createHash('sha1').update(keys.join('\n')).digest('hex'));
      expect(await trimmer.left(keys)).toBe(0);
      await trimmer.forget();
    }, one);
    host.remove();
  });

  it('stop at what is held, at what does not say how old it is, and where nobody can tell which end is the old one', async () => {
    const host = new TableHost(here);
    await here().fill([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const few = { watermarks: [{ kind: 'records' as const, limit: 1, target: 1 }] };
    const spans = [{ id: 'case', store: null, from: '2026-01-01T00:00:04.000Z', until: '2026-01-01T00:00:04.000Z', reason: 'open' }] as never;
    expect(await host.rotate({ ...few, holds: spans })).toMatchObject({ deleted: { items: 5 } });
    expect(await here().left()).toEqual([4, 5, 7, 8]);
    await client.flushAll();
    await client.rPush('history', [entry(5), entry(1), entry(5)]);
    expect(await host.rotate(few)).toMatchObject({ outcome: 'nothing-to-do' });
    await client.flushAll();
    await client.rPush('history', [entry(1), 'no json', entry(5)]);
    expect(await host.rotate(few)).toMatchObject({ deleted: { items: 1 } });
    expect(await client.lLen('history')).toBe(2);
    host.remove();
  });

  it('need no more than the rights of the documentation', async () => {
    const acl = /^ACL (SETUSER mailwarden .*)$/m.exec(readFileSync(new URL('../../docs/rotation/tables.md', import.meta.url), 'utf8'))?.[1] ?? '';
    await client.sendCommand(['ACL', ...acl.replaceAll('rs_history*', 'history*').replace('>...', '>secret').split(' ')]);
    const passwordFile = join(root, 'redis');
    writeFileSync(passwordFile, 'secret', { mode: 0o600 });
    const host = new TableHost(() => ({ ...here(), settings: { databases: { history: { host: server.socket, port: 0, name: 'history', user: 'mailwarden', passwordFile } } } }));
    await here().fill([1, 2, 3, 4, 5, 6]);
    expect(await host.rotate({ watermarks: [{ kind: 'records', limit: 2, target: 2 }] })).toMatchObject({ outcome: 'completed', deleted: { items: 4 } });
    await client.sendCommand(['ACL', 'DELUSER', 'mailwarden']);
    host.remove();
  });

  it('are left alone by a batch that the product was faster than', async () => {
    const host = new TableHost(here);
    await client.flushAll();
    for (let n = 1; n <= 30; n += 1) await client.lPush('history', entry(n));
    await host.trimmer(async (trimmer) => {
      const choice = { beforeMs: Infinity, held: [] };
      const { keys } = await trimmer.choose(choice, 10, new Set());
      await client.lTrim('history', 0, 24); // The product keeps its own list short.
      expect(await trimmer.remove(keys, choice)).toMatchObject({ removed: false, why: 'changed' });
      expect(await client.lLen('history')).toBe(25);
      expect(await trimmer.left(keys)).toBe(10);
    });
    host.remove();
  });
});
