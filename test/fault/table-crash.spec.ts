import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@redis/client';
import type { Store } from '@mailwarden/catalogue';
import type { Receipt, RotationOrder } from '@mailwarden/contracts';
import { noDatabases, startMariadb, startRedis, type RunningMariadb, type RunningRedis } from '@mailwarden/testing';
import { createConnection, type Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { carryOutHanded, type HandedOrder } from './handed-order.js';

const CHILD = fileURLToPath(new URL('table-child.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../scripts/from-source.mjs', import.meta.url));
const SKIPPED = noDatabases();
const SKIPPED_TITLE = SKIPPED === null ? '' : ` (skipped: ${SKIPPED})`;
const SUITE_MS = 120_000;
const FIRST_S = 1_600_000_000;
/** Three batches and more. */
const ROWS = 1_500;
const KEPT = 300;
const PAIRS = 1_200;
const FILE_BYTES = 4_096;
const from1To = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

let dir: string;
let root: string;
let folder: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-table-crash-'));
  root = join(dir, 'root');
  mkdirSync(join(root, 'run/product'), { recursive: true });
  folder = join(root, 'var/opt/product/backup');
  for (const place of [dir, root]) chmodSync(place, 0o755);
  chmodSync(join(root, 'run/product'), 0o777); // Also for a server that does not run as root.
});
beforeEach(() => mkdirSync(folder, { recursive: true }));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const storeOf = (part: object): Store =>
  ({ id: 'events', section: 'Events', statedDirectories: null, files: [], exclude: [], active: [], rotateActive: null, units: [], messages: false, rows: null, lists: null, lineRecords: false, dataCategories: null, duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'recorded', rotatable: true, quietPeriodSeconds: 10, notes: [], ...part }) as unknown as Store;
const BOUNDS = { items: 1e6, bytes: 1e12, percent: 100, deadlineSeconds: 60 };

function handed(store: Store, limit: number, order: string, kill: HandedOrder['kill']): HandedOrder {
  return {
    root,
    settings: { databases: {} },
    store,
    order: { id: order, server: 'mx-1', profile: 'product', store: store.id, bounds: BOUNDS, policy: { name: 'cap', version: '0'.repeat(64) } } as unknown as RotationOrder,
    terms: { watermarks: [{ kind: 'records', limit, target: limit }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: BOUNDS, holds: [], exclude: [], overwrite: false, orphans: 'keep', pace: { itemsPerSecond: null, bytesPerSecond: null } },
    journalDir: join(dir, 'journal'),
    kill,
  };
}

/** Carries out an order to its end, in this process. */
const execute = (store: Store, limit: number, order: string): Promise<Receipt> => carryOutHanded(handed(store, limit, order, null), () => undefined);

/** Carries out an order in a process of its own that is killed at the n-th time it comes to a step. */
async function killAt(store: Store, limit: number, order: string, step: string, times: number): Promise<void> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', LOADER, CHILD, JSON.stringify(handed(store, limit, order, { step, times }))], { cwd: fileURLToPath(new URL('.', import.meta.url)), env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const signal = await new Promise((resolve) => child.once('close', (_status, by) => resolve(by)));
  if (signal !== 'SIGKILL') throw new Error(`the process never came to the step ${step}: ${complaint}`);
}

/** One engine, as the product sees it. The record `n` was written `n` seconds after the first. */
interface Crashed {
  readonly store: Store;
  fill(count: number, named: (n: number) => string): Promise<void>;
  /** Which records there are, from the oldest on. */
  left(): Promise<number[]>;
}

function accountsForRows(crashed: () => Crashed, steps: readonly string[]): void {
  it.each(steps)('killed at the step "%s": the count of what left is exact', { timeout: SUITE_MS }, async (step) => {
    const { store, fill, left } = crashed();
    await fill(ROWS, String);
    const order = randomUUID();
    await killAt(store, KEPT, order, step, 2);
    expect(await execute(store, KEPT, order)).toMatchObject({ outcome: 'completed', resumed: true, before: { items: ROWS }, planned: { items: ROWS - KEPT }, deleted: { items: ROWS - KEPT }, after: { value: { items: KEPT } } });
    expect(await left()).toEqual(from1To(ROWS).slice(ROWS - KEPT));
  });
}

const nameOf = (n: number): string => `${n % 7}/lé'tter ${n}`;
function makeFiles(count: number): void {
  for (const n of from1To(count)) {
    mkdirSync(join(folder, String(n % 7)), { recursive: true });
    writeFileSync(join(folder, nameOf(n)), Buffer.alloc(FILE_BYTES, n));
    utimesSync(join(folder, nameOf(n)), FIRST_S + n, FIRST_S + n);
  }
}
const filesLeft = (): number[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => Number(name.split(' ').at(-1)))
    .sort((a, b) => a - b);

function accountsForPairs(crashed: () => Crashed, away: () => Promise<() => Promise<void>>): void {
  const pair = (): Store => ({ ...crashed().store, id: 'backup', kind: 'pair', files: ['/var/opt/product/backup/**'], rows: { ...crashed().store.rows, fileColumn: 'file' } }) as unknown as Store;

  it('pairs, killed when their rows are gone and their files are not: both halves leave together', { timeout: SUITE_MS }, async () => {
    makeFiles(PAIRS);
    await crashed().fill(PAIRS, nameOf);
    const order = randomUUID();
    await killAt(pair(), 100, order, 'unlink', 1);
    expect(await execute(pair(), 100, order)).toMatchObject({ outcome: 'completed', resumed: true, deleted: { items: PAIRS - 100, bytes: (PAIRS - 100) * FILE_BYTES } });
    expect(filesLeft()).toEqual(from1To(PAIRS).slice(PAIRS - 100));
    expect(await crashed().left()).toEqual(from1To(PAIRS).slice(PAIRS - 100));
  });

  it('pairs, whose database vanishes when their files are already taken: both halves are there, and leave once it is back', { timeout: SUITE_MS }, async () => {
    makeFiles(50);
    await crashed().fill(50, nameOf);
    const order = randomUUID();
    await killAt(pair(), 10, order, 'rows', 1);
    const back = await away();
    await expect(execute(pair(), 10, order)).rejects.toThrow('cannot leave with their files');
    await back();
    expect(await crashed().left()).toHaveLength(50);
    expect(filesLeft()).toHaveLength(50);
    expect(await execute(pair(), 10, order)).toMatchObject({ outcome: 'completed', resumed: true, deleted: { items: 40 } });
    expect(filesLeft()).toEqual(from1To(50).slice(40));
    expect(await crashed().left()).toEqual(from1To(50).slice(40));
  });
}

describe.skipIf(SKIPPED !== null)(`an executor killed while it trims MariaDB${SKIPPED_TITLE}`, () => {
  let server: RunningMariadb;
  let product: Connection;
  const connect = async (): Promise<void> => {
    product = await createConnection({ socketPath: server.socket, user: 'root', multipleStatements: true });
    product.on('error', () => undefined);
    await product.query('CREATE DATABASE IF NOT EXISTS product; USE product');
  };
  beforeAll(async () => {
    server = await startMariadb(join(root, 'run/product'));
    await connect();
  }, SUITE_MS);
  afterAll(async () => {
    await product?.end().catch(() => undefined);
    await server?.stop();
  });
  const crashed = (): Crashed => ({
    store: storeOf({ kind: 'table', rows: { database: { engine: 'mariadb', socket: '/run/product/mysqld.sock', name: 'product', user: 'root' }, relation: 'events', keyColumn: 'id', timeColumn: 'at', timeUnit: 'unix-seconds', fileColumn: null } }),
    fill: async (count, named) => {
      await product.query('CREATE OR REPLACE TABLE events (id bigint PRIMARY KEY, at bigint, file varchar(100)) CHARACTER SET utf8mb4');
      await product.query('INSERT INTO events VALUES ?', [from1To(count).map((n) => [n, FIRST_S + n, named(n)])]);
    },
    left: async () => (await product.query<never[]>('SELECT id FROM events ORDER BY at'))[0].map(({ id }) => Number(id)),
  });
  accountsForRows(crashed, ['commit', 'deleted']);
  accountsForPairs(crashed, async () => {
    await server.kill();
    return async () => {
      await server.start();
      await connect();
    };
  });
});

describe.each(['delete', 'wal'])('an executor killed while it trims SQLite with the journal "%s"', (journal) => {
  let product: DatabaseSync;
  let file: string;
  const open = (): void => {
    product = new DatabaseSync(file, { timeout: 5_000 });
    product.exec(`PRAGMA journal_mode=${journal}`);
  };
  beforeAll(() => {
    mkdirSync(join(root, 'var/opt/product/data'), { recursive: true });
    file = join(root, 'var/opt/product/data', `${journal}.db`);
    open();
  });
  afterAll(() => product.close());
  const crashed = (): Crashed => ({
    store: storeOf({ kind: 'table', rows: { database: { engine: 'sqlite', name: 'product', file: `/var/opt/product/data/${journal}.db` }, relation: 'events', keyColumn: 'id', timeColumn: 'at', timeUnit: 'unix-seconds', fileColumn: null } }),
    fill: (count, named) => {
      product.exec('DROP TABLE IF EXISTS events; CREATE TABLE events (id integer PRIMARY KEY, at integer, file text COLLATE NOCASE); BEGIN');
      const insert = product.prepare('INSERT INTO events VALUES (?, ?, ?)');
      for (const n of from1To(count)) insert.run(n, FIRST_S + n, named(n));
      product.exec('COMMIT');
      return Promise.resolve();
    },
    left: () => Promise.resolve(product.prepare('SELECT id FROM events ORDER BY at').all().map(({ id }) => Number(id))),
  });
  accountsForRows(crashed, ['deleted']);
  if (journal === 'wal') return;
  accountsForPairs(crashed, () => {
    product.close();
    renameSync(file, `${file}.away`);
    return Promise.resolve(() => {
      renameSync(`${file}.away`, file);
      open();
      return Promise.resolve();
    });
  });
});

describe.skipIf(SKIPPED !== null)(`an executor killed while it shortens lists of Redis${SKIPPED_TITLE}`, () => {
  let server: RunningRedis;
  let client: ReturnType<typeof createClient>;
  beforeAll(async () => {
    server = await startRedis({ folder: join(root, 'run/product') });
    client = createClient({ socket: { path: server.socket, tls: false } });
    await client.connect();
  }, SUITE_MS);
  afterAll(async () => {
    client?.destroy();
    await server?.stop();
  });
  accountsForRows(() => ({
    store: storeOf({ kind: 'table', lists: { database: { engine: 'redis', name: 'history', socket: '/run/product/redis.sock', port: null, index: 0 }, keys: 'history*', encoding: 'json', timeField: 'at' } }),
    fill: async (count) => {
      await client.flushAll();
      await Promise.all(from1To(count).map((n) => client.lPush(`history_${n % 3}`, JSON.stringify({ at: FIRST_S + n, n }))));
    },
    left: async () => (await Promise.all([0, 1, 2].map((list) => client.lRange(`history_${list}`, 0, -1)))).flat().map((text) => (JSON.parse(text) as { n: number }).n).sort((a, b) => a - b),
  }), ['deleted']);
});
