import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { eventually, freePort, noDatabases, startMariadb, startPostgres, startPostgresReplica, type RunningMariadb, type RunningPostgres } from '@mailwarden/testing';
import { createConnection, type Connection } from 'mysql2/promise';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newOrder, PlainStore, WIDE } from '../fault/plain-store.js';
import { TableHost, type TrimmedProduct } from './trimmer-conformance.js';

const START_MS = 120_000;
const BEGINNING_S = Date.UTC(2026, 0, 1) / 1_000;
const CAUGHT_UP_MS_MAX = 60_000;
/** The suite's own long order: what it deletes in a second, and how many seconds it needs. */
const PACE = 100;
const PACED_SECONDS = 30;

describe('a table of PostgreSQL with a streaming replica', () => {
  let root: string;
  let primary: RunningPostgres;
  let replica: RunningPostgres;
  let product: Client;
  let copy: Client;
  let host: TableHost;

  const connect = async ({ port, superuser, passwordFile }: RunningPostgres): Promise<Client> => {
    const client = new Client({ host: '127.0.0.1', port, user: superuser, database: 'postgres', password: readFileSync(passwordFile, 'utf8').trim() });
    await client.connect();
    return client;
  };
  const here = (): TrimmedProduct => ({
    store: { rows: { database: { engine: 'postgresql', socket: '/x', name: 'product', user: 'x' }, relation: 'public.events', keyColumn: 'id', timeColumn: 'at', timeUnit: 'timestamp', fileColumn: null }, lists: null },
    root,
    settings: { databases: { product: { host: '127.0.0.1', port: primary.port, name: 'postgres', user: primary.superuser, passwordFile: primary.passwordFile } } },
    fill: async (records) => {
      await product.query('DROP TABLE IF EXISTS events; CREATE TABLE events (id bigint PRIMARY KEY, at timestamptz)');
      await product.query('INSERT INTO events SELECT n, to_timestamp($2 + n) FROM unnest($1::bigint[]) AS n', [records, BEGINNING_S]);
    },
    left: async () => (await product.query<{ id: string }>('SELECT id FROM events ORDER BY at, id')).rows.map(({ id }) => Number(id)),
    writer: '',
  });
  const filled = (count: number): Promise<void> => here().fill(Array.from({ length: count }, (_, index) => index + 1));
  const counted = async (client: Client): Promise<number> => Number((await client.query<{ count: string }>('SELECT count(*) AS count FROM events')).rows[0]?.count);
  const caughtUp = () =>
    eventually('the replica has all', CAUGHT_UP_MS_MAX, async () => ((await product.query('SELECT FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()')).rowCount === 1 ? true : undefined));
  /** More of the log than a replica may be behind. */
  const writeMuch = (): Promise<unknown> => product.query("CREATE TABLE bulk AS SELECT repeat(md5(n::text), 30) AS filler FROM generate_series(1, 90000) AS n; DROP TABLE bulk");
  /** The last question of a session of ours is the one about the replicas: it waits for them. */
  const looksAtReplicas = () =>
    eventually('the order waits for its replicas', CAUGHT_UP_MS_MAX, async () => ((await product.query("SELECT FROM pg_stat_activity WHERE query LIKE '%pg_stat_replication%' AND state = 'idle' AND pid <> pg_backend_pid()")).rowCount === 0 ? undefined : true));
  const to = (limit: number) => [{ kind: 'records' as const, limit, target: limit }];

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'mailwarden-replica-'));
    primary = await startPostgres();
    product = await connect(primary);
    replica = await startPostgresReplica(primary);
    copy = await connect(replica);
    host = new TableHost(here);
    await caughtUp();
  }, START_MS);
  afterEach(async () => {
    await copy.query('SELECT pg_wal_replay_resume()');
    await caughtUp();
  }, START_MS);
  afterAll(async () => {
    await copy?.end();
    await product?.end();
    await replica?.stop();
    await primary?.stop();
    host?.remove();
    rmSync(root, { recursive: true, force: true });
  });

  it('loses its oldest at once while the replica follows, and there too', async () => {
    await filled(2_000);
    const receipt = await host.rotate({ watermarks: to(500) });
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 1_500 } });
    expect(receipt.notes?.join()).not.toMatch(/replica/);
    await caughtUp();
    expect(await counted(copy)).toBe(500);
  });

  it('stays whole while a replica is far behind; the receipt says why, and the next order does the work', { timeout: START_MS }, async () => {
    await filled(2_000);
    await copy.query('SELECT pg_wal_replay_pause()');
    await writeMuch();
    const receipt = await host.rotate({ watermarks: to(500) });
    expect(receipt).toMatchObject({ outcome: 'stopped', planned: { items: 1_500 }, deleted: { items: 0 }, reason: expect.stringMatching(/^a replica is \d+ MiB of the log behind, and was waited for 30 s$/) });
    expect(await counted(product)).toBe(2_000);
    await copy.query('SELECT pg_wal_replay_resume()');
    await caughtUp();
    expect(await host.rotate({ watermarks: to(500) })).toMatchObject({ outcome: 'completed', deleted: { items: 1_500 } });
  });

  it('is waited for no longer than the order has time', { timeout: START_MS }, async () => {
    await filled(2_000);
    await copy.query('SELECT pg_wal_replay_pause()');
    await writeMuch();
    expect(await host.rotate({ watermarks: to(500), bounds: { items: 10_000, bytes: 1e12, percent: 100, deadlineSeconds: 10 } })).toMatchObject({ outcome: 'stopped', deleted: { items: 0 }, reason: expect.stringMatching(/time of 10 s ran out.*a replica is \d+ MiB of the log behind/) });
  });

  it('goes on by itself when the replica has caught up, and says how long it waited', { timeout: START_MS }, async () => {
    await filled(2_000);
    await copy.query('SELECT pg_wal_replay_pause()');
    await writeMuch();
    const rotating = host.rotate({ watermarks: to(500) });
    await looksAtReplicas();
    expect(await counted(product)).toBe(2_000);
    await copy.query('SELECT pg_wal_replay_resume()');
    const receipt = await rotating;
    expect(receipt).toMatchObject({ outcome: 'completed', reason: '', deleted: { items: 1_500 } });
    expect(receipt.notes?.join('\n')).toMatch(/^replicas were waited for, \d+ s in all: a replica is \d+ MiB of the log behind$/m);
  });

  it('pauses in the middle when the replica falls back in time, and takes nothing meanwhile', { timeout: START_MS * 2 }, async () => {
    await filled(PACE * PACED_SECONDS + 500);
    const rotating = host.rotate({ watermarks: to(500), pace: { itemsPerSecond: PACE, bytesPerSecond: null }, bounds: { items: 10_000, bytes: 1e12, percent: 100, deadlineSeconds: 120 } });
    await eventually('it has begun', 20_000, async () => ((await counted(product)) < PACE * PACED_SECONDS ? true : undefined));
    await copy.query('SELECT pg_wal_replay_pause()');
    const still = await eventually('nothing goes any more', 60_000, async () => {
      const before = await counted(product);
      await wait(3_000);
      return (await counted(product)) === before ? before : undefined;
    });
    expect(still).toBeGreaterThan(500);
    await copy.query('SELECT pg_wal_replay_resume()');
    const receipt = await rotating;
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: PACE * PACED_SECONDS } });
    expect(receipt.notes?.join('\n')).toMatch(/^replicas were waited for, \d+ s in all: a replica is \d+ s behind$/m);
    await caughtUp();
    expect(await counted(copy)).toBe(500);
  });

  describe('under file and row pairs', () => {
    const PAIRS = 2_500;
    let pairs: PlainStore;
    const fillPairs = async (): Promise<void> => {
      pairs = PlainStore.make('replica', root, { port: primary.port, user: primary.superuser, passwordFile: primary.passwordFile });
      const names = Array.from({ length: PAIRS }, (_, place) => `letter-${place}`);
      for (const [place, name] of names.entries()) {
        writeFileSync(join(pairs.store, name), 'a letter');
        utimesSync(join(pairs.store, name), BEGINNING_S + place, BEGINNING_S + place);
      }
      await product.query('DROP TABLE IF EXISTS backup; CREATE TABLE backup (id bigserial PRIMARY KEY, stored_at timestamptz NOT NULL, file text NOT NULL)');
      await product.query('INSERT INTO backup (stored_at, file) SELECT to_timestamp($2 + place), name FROM unnest($1::text[]) WITH ORDINALITY AS f(name, place)', [names, BEGINNING_S]);
    };
    const rowsOf = async (client: Client): Promise<number> => Number((await client.query<{ count: string }>('SELECT count(*) AS count FROM backup')).rows[0]?.count);

    it('both halves stay while a replica is far behind, and the receipt says why', { timeout: START_MS }, async () => {
      await fillPairs();
      await copy.query('SELECT pg_wal_replay_pause()');
      await writeMuch();
      expect(await pairs.rotate(newOrder(), { watermarks: to(500), bounds: { ...WIDE, deadlineSeconds: 10 } })).toMatchObject({ outcome: 'stopped', deleted: { items: 0 }, reason: expect.stringMatching(/time of 10 s ran out.*a replica is \d+ MiB of the log behind/) });
      expect(readdirSync(pairs.store)).toHaveLength(PAIRS);
      expect(await rowsOf(product)).toBe(PAIRS);
    });

    it('both halves leave when it has caught up, there too', { timeout: START_MS }, async () => {
      await fillPairs();
      await copy.query('SELECT pg_wal_replay_pause()');
      await writeMuch();
      const rotating = pairs.rotate(newOrder(), { watermarks: to(500) });
      await looksAtReplicas();
      expect(readdirSync(pairs.store).filter((name) => name.startsWith('letter'))).toHaveLength(PAIRS);
      await copy.query('SELECT pg_wal_replay_resume()');
      const receipt = await rotating;
      expect(receipt).toMatchObject({ outcome: 'completed', reason: '', deleted: { items: PAIRS - 500 } });
      expect(receipt.notes?.join('\n')).toMatch(/^replicas were waited for, \d+ s in all: a replica is \d+ MiB of the log behind$/m);
      expect(readdirSync(pairs.store)).toHaveLength(500);
      await caughtUp();
      expect(await rowsOf(copy)).toBe(500);
    });
  });
});

const SKIPPED = noDatabases();

describe.skipIf(SKIPPED !== null)(`a table of MariaDB with a replica${SKIPPED === null ? '' : ` (skipped: ${SKIPPED})`}`, () => {
  const root = mkdtempSync(join(tmpdir(), 'mailwarden-replica-'));
  let primary: RunningMariadb;
  let replica: RunningMariadb;
  let product: Connection;
  let copy: Connection;
  let host: TableHost;
  const counted = async (client: Connection): Promise<number> => Number((await client.query<never[]>('SELECT COUNT(*) AS count FROM product.events'))[0].map(({ count }) => count)[0]);
  const fill = async (count: number): Promise<void> => {
    await product.query('CREATE OR REPLACE TABLE product.events (id bigint PRIMARY KEY, at datetime(6))');
    await product.query(`INSERT INTO product.events SELECT seq, '2026-01-01 00:00:00' + INTERVAL seq SECOND FROM product.seq_1_to_${count}`);
  };
  const here = (): TrimmedProduct => ({
    store: { rows: { database: { engine: 'mariadb', socket: '/run/product/mysqld.sock', name: 'product', user: 'root' }, relation: 'events', keyColumn: 'id', timeColumn: 'at', timeUnit: 'timestamp', fileColumn: null }, lists: null },
    root,
    settings: { databases: {} },
    fill: (records) => fill(records.length),
    left: async () => (await product.query<never[]>('SELECT id FROM product.events ORDER BY at, id'))[0].map(({ id }) => Number(id)),
    writer: '',
  });
  const caughtUp = () => eventually('the replica has all', CAUGHT_UP_MS_MAX, async () => ((await counted(copy).catch(() => -1)) === (await counted(product)) ? true : undefined));

  beforeAll(async () => {
    mkdirSync(join(root, 'run/product'), { recursive: true });
    const port = await freePort();
    [primary, replica] = await Promise.all([startMariadb(join(root, 'run/product'), { serverId: 1, port }), startMariadb(undefined, { serverId: 2, port: null })]);
    product = await createConnection({ socketPath: primary.socket, user: 'root', multipleStatements: true });
    copy = await createConnection({ socketPath: replica.socket, user: 'root', multipleStatements: true });
    await product.query("CREATE USER copier@'127.0.0.1'; GRANT REPLICATION SLAVE ON *.* TO copier@'127.0.0.1'; CREATE DATABASE product");
    await copy.query(`CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${port}, MASTER_USER = 'copier', MASTER_LOG_FILE = 'changes.000001', MASTER_LOG_POS = 4; START SLAVE`);
    host = new TableHost(here);
    await fill(20_000);
    await caughtUp();
  }, START_MS);
  afterAll(async () => {
    await copy?.end();
    await product?.end();
    await Promise.all([replica?.stop(), primary?.stop()]);
    host?.remove();
    rmSync(root, { recursive: true, force: true });
  });

  it('is known to have one that does not tell how far it is, which then has half of the time', { timeout: START_MS }, async () => {
    expect(await host.trimmer((trimmer) => trimmer.replicas())).toEqual({ behind: null, hidden: true });
    const order = await host.rotate({ watermarks: [{ kind: 'records', limit: 500, target: 500 }] });
    expect(order).toMatchObject({ outcome: 'completed', deleted: { items: 19_500 } });
    await caughtUp();
    expect(await counted(copy)).toBe(500);
  });
});
