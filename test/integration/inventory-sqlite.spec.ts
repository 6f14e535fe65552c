import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, closeSync, copyFileSync, existsSync, lstatSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Relation, SqliteDatabase } from '@mailwarden/catalogue';
import { openReader, type DatabaseHost, type RelationFacts } from '@mailwarden/product-database';
import type { Result } from '@mailwarden/kernel';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { conformsToReader } from './relation-conformance.js';
import { scanned, storeText } from './table-host.js';

const DATABASE: SqliteDatabase = { engine: 'sqlite', name: 'product', file: '/var/opt/product/events.db' };
const EVENTS: Relation = { database: DATABASE, relation: 'events', keyColumn: 'id', timeColumn: 'at', timeUnit: 'timestamp', fileColumn: null };
const UNREAD = 'database product cannot be read: ';

let root: string;
let rootFd: number;
let folder: string;
let file: string;
/** The product's own connection. */
let product: DatabaseSync;
const running = new Set<ChildProcess>();

const host = (databaseFiles: Record<string, string> = {}): DatabaseHost => ({ root: { fd: rootFd }, rootPath: root, settings: { databases: {}, databaseFiles } });

async function measured(relation: Relation = EVENTS, on: DatabaseHost = host()): Promise<Result<RelationFacts, string>> {
  const reader = await openReader(relation.database, on);
  if (!reader.ok) return reader;
  const facts = await reader.value.measure(relation);
  await reader.value.close();
  return facts;
}

const ROWS = "CREATE TABLE events (id integer PRIMARY KEY, at text); INSERT INTO events VALUES (1, '2026-01-01 00:00:01'), (2, '2026-01-01 00:00:02')";
const TWO = { ok: true, value: { records: 2, oldestAt: '2026-01-01T00:00:01.000Z', newestAt: '2026-01-01T00:00:02.000Z' } };

/** Everything about what lies in the folder that a reader could change, but when it was read. */
const traces = (): string[] =>
  readdirSync(folder)
    .sort()
    .map((name) => {
      const { size, mtimeNs, ctimeNs, ino, mode, uid } = lstatSync(join(folder, name), { bigint: true });
      return [name, size, mtimeNs, ctimeNs, ino, mode, uid].join(' ');
    });

/** A product in a process of its own that does `work` with `database` and then stands still until it is killed. */
async function productThat(work: string): Promise<ChildProcess> {
  const source = `const { DatabaseSync } = require('node:sqlite'); const database = new DatabaseSync(${JSON.stringify(file)}); ${work}; process.stdout.write('done'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', () => reject(new Error('the product ended early')));
  });
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    child.removeAllListeners('exit');
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-sqlite-'));
  folder = join(root, 'var/opt/product');
  mkdirSync(folder, { recursive: true });
  file = join(folder, 'events.db');
  rootFd = openSync(root, 'r');
});
afterAll(() => {
  closeSync(rootFd);
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  product = new DatabaseSync(file);
});
afterEach(async () => {
  for (const child of running) await killed(child);
  if (product.isOpen) product.close();
});

describe.each(['delete', 'wal'])('a store in SQLite with the journal "%s"', (journal) => {
  beforeEach(() => product.exec(`PRAGMA journal_mode=${journal}`));
  conformsToReader(
    () => ({
      database: DATABASE,
      host: host(),
      run: (statement) => Promise.resolve(product.exec(statement)),
      // A log lets others read while somebody writes, unless the product wants the whole file for itself.
      lock: async () => {
        product.close();
        const other = await productThat(`database.exec('PRAGMA locking_mode=${journal === 'wal' ? 'EXCLUSIVE' : 'NORMAL'}; BEGIN EXCLUSIVE; DELETE FROM events')`);
        return async () => {
          await killed(other);
          product = new DatabaseSync(file);
          product.prepare('SELECT count(*) FROM events').get();
        };
      },
    }),
    {
      moment: 'text',
      numbers: (rows) => `(WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ${rows}) SELECT n FROM counted) AS numbers`,
      secondsAfter: (n) => `datetime(1767225600 + ${n}, 'unixepoch')`,
      endless: 'WITH RECURSIVE endless (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM endless) SELECT count(*) FROM endless',
      lockedWords: /another process has locked it \(\d+\)$|the product keeps the file to itself/,
      noTableWords: 'there is no such table (1)',
      noColumnWords: 'there is no such column (1)',
    },
  );
});

describe('a scan', () => {
  const LETTERS = ['rows: { database: product, relation: letters, key-column: id, time-column: at, file-column: file }', 'files: [/var/opt/product/letters/**]'];
  const DATABASES = '  product: { engine: sqlite, file: /var/opt/product/events.db }';

  it('measures a table, the orphans of a pair and what a probe asks for', async () => {
    product.exec(`${ROWS}; CREATE TABLE letters (id integer PRIMARY KEY, at text, file text); INSERT INTO letters VALUES (1, '2026-01-01', 'both'), (2, '2026-01-01', 'row only'); CREATE TABLE about (version text); INSERT INTO about VALUES ('8.1.2')`);
    mkdirSync(join(folder, 'letters'));
    for (const name of ['both', 'file only', 'file only as well']) {
      writeFileSync(join(folder, 'letters', name), 'x');
      utimesSync(join(folder, 'letters', name), 1_767_225_600, 1_767_225_600);
    }
    const version = "version: { from: [{ sql: { database: product, query: 'SELECT version FROM about' } }] }";
    const stores = [storeText('events', 'table', ['rows: { database: product, relation: events, key-column: id, time-column: at }']), storeText('letters', 'pair', LETTERS)];
    const observation = await scanned(root, { databases: DATABASES, stores, version });
    expect(observation.product.version).toMatchObject({ known: true, value: '8.1.2' });
    const [events, letters] = observation.stores;
    expect(events).toMatchObject({ present: true, items: { value: 2 }, records: { value: 2, source: 'database product, events' }, bytesAllocated: { value: 4_096 }, oldestAt: { value: '2026-01-01T00:00:01.000Z' } });
    expect(letters).toMatchObject({ items: { value: 3 }, records: { value: 2 }, orphans: { known: true, value: { filesWithoutRow: 2, rowsWithoutFile: 1 } } });
  });

  it('says why it could not, store by store', async () => {
    product.exec(ROWS);
    const stores = [storeText('events', 'table', ['rows: { database: product, relation: events, key-column: id, time-column: at }']), storeText('letters', 'pair', LETTERS)];
    const [events, letters] = (await scanned(root, { databases: DATABASES, stores })).stores;
    expect(events).toMatchObject({ items: { value: 2 } });
    expect(letters).toMatchObject({ records: { known: false, reason: 'letters could not be read: there is no such table (1)' }, orphans: { known: false } });
  });
});

describe('a file of SQLite', () => {
  it.each(['delete', 'truncate', 'persist', 'wal'])('is left as it was, with the journal "%s": while the product has it open, and after', async (journal) => {
    product.exec(`PRAGMA journal_mode=${journal}; ${ROWS}`);
    const open = traces();
    expect(await measured()).toMatchObject(TWO);
    expect(traces()).toEqual(open);
    product.close();
    const closed = traces();
    expect(await measured()).toMatchObject(TWO);
    expect(traces()).toEqual(closed);
  });

  it('is read with what waits in its log, also when the product was killed', async () => {
    product.exec('PRAGMA journal_mode=wal');
    product.close();
    const killedOne = await productThat(`database.exec(${JSON.stringify(ROWS)})`);
    expect(await measured()).toMatchObject(TWO);
    await killed(killedOne);
    expect(lstatSync(`${file}-wal`).size).toBeGreaterThan(0);
    const left = traces();
    expect(await measured()).toMatchObject(TWO);
    expect(traces()).toEqual(left);
  });

  it('has nothing marked in the index of its log, also where everybody could', async () => {
    product.exec(`PRAGMA journal_mode=wal; ${ROWS}`);
    chmodSync(root, 0o755);
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o666);
    const index = (): Buffer => readFileSync(`${file}-shm`);
    const before = index();
    product.exec("INSERT INTO events VALUES (3, '2026-01-01 00:00:03')");
    const grown = index();
    expect(grown.equals(before)).toBe(false);
    expect(await measured()).toMatchObject({ ok: true, value: { records: 3 } });
    expect(index().equals(grown)).toBe(true);
  });

  it('is not read when its log has lost its index, and the log stays', async () => {
    product.exec(`PRAGMA journal_mode=wal; ${ROWS}`);
    const copy = join(folder, 'copy.db');
    copyFileSync(file, copy);
    copyFileSync(`${file}-wal`, `${copy}-wal`);
    const left = traces();
    expect(await measured({ ...EVENTS, database: { ...DATABASE, file: '/var/opt/product/copy.db' } })).toEqual({ ok: false, error: `${UNREAD}changes wait in its log, which has no index beside it: the product keeps the file to itself, or has yet to open it` });
    expect(traces()).toEqual(left);
  });

  it('is not mended when the product was cut off in the middle of a write', async () => {
    product.exec(`PRAGMA journal_mode=delete; ${ROWS}; CREATE TABLE filler (text)`);
    product.close();
    const writing = await productThat(`database.exec("PRAGMA cache_size=1; PRAGMA cache_spill=ON; BEGIN; WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO filler SELECT hex(randomblob(100)) FROM n; DELETE FROM events")`);
    await killed(writing);
    expect(existsSync(`${file}-journal`)).toBe(true);
    const left = traces();
    expect(await measured()).toEqual({ ok: false, error: 'it was cut off in the middle of a write; it can be read once the product has opened it (776)' });
    expect(traces()).toEqual(left);
    product = new DatabaseSync(file);
    product.exec('SELECT count(*) FROM events');
    expect(await measured()).toMatchObject(TWO);
  });

  it('that is written to all the time is counted as it was at one moment, or it is said why not', async () => {
    product.exec('PRAGMA journal_mode=wal; CREATE TABLE events (id integer PRIMARY KEY, at text)');
    product.close();
    const work = `database.exec('PRAGMA busy_timeout=5000; PRAGMA wal_autocheckpoint=5'); const add = database.prepare("INSERT INTO events (at) VALUES (datetime('now'))"); setInterval(() => { database.exec('BEGIN'); for (let n = 0; n < 10; n += 1) add.run(); database.exec('COMMIT'); }, 1)`;
    const busy = await productThat(work);
    try {
      const counts: number[] = [];
      for (let turn = 0; turn < 10; turn += 1) {
        const facts = await measured();
        if (!facts.ok) throw new Error(facts.error);
        counts.push(facts.value.records);
      }
      expect(counts.map((count) => count % 10)).toEqual(counts.map(() => 0));
      expect(counts).toEqual(counts.toSorted((a, b) => a - b));
      expect(counts.at(-1)).toBeGreaterThan(counts[0] ?? 0);
    } finally {
      await killed(busy);
    }
  }, 60_000);

  it.each<[string, () => void, string]>([
    ['is absent', () => rmSync(file), 'its file does not exist'],
    ['is empty', () => truncateSync(file, 0), 'its file is empty'],
    ['is something else', () => writeFileSync(file, 'From: somebody\n'.repeat(100)), 'its file is no SQLite database'],
    ['is a folder', () => (rmSync(file), mkdirSync(file)), 'it is no regular file'],
    ['is a FIFO', () => (rmSync(file), execFileSync('/usr/bin/mkfifo', [file])), 'it is no regular file'],
    ['is a link', () => (copyFileSync(file, join(root, 'elsewhere.db')), rmSync(file), symlinkSync(join(root, 'elsewhere.db'), file)), 'its file is a link, which is not followed'],
    ['has a link beside it', () => symlinkSync('/etc/hostname', `${file}-wal`), 'what lies beside its file is no regular file'],
    ['has a journal that is a folder', () => mkdirSync(`${file}-journal`), 'what lies beside its file is no regular file'],
  ])('that %s is not read', async (_, change, why) => {
    product.exec(ROWS);
    product.close();
    change();
    const left = traces();
    expect(await measured()).toEqual({ ok: false, error: `${UNREAD}${why}` });
    expect(traces()).toEqual(left);
  });

  it('is not looked for behind a folder that is a link, and is where the host says', async () => {
    product.exec(ROWS);
    symlinkSync(folder, join(root, 'link'));
    expect(await measured({ ...EVENTS, database: { ...DATABASE, file: '/link/events.db' } })).toEqual({ ok: false, error: `${UNREAD}a link or a file stands where its folder should` });
    rmSync(join(root, 'link'));
    expect(await measured({ ...EVENTS, database: { ...DATABASE, file: '/nowhere/events.db' } }, host({ product: DATABASE.file }))).toMatchObject(TWO);
  });

  it('may have any name', async () => {
    product.exec(ROWS);
    product.close();
    for (const name of ['a b?mode=rwc#x%41.db', "it's ü.db"]) {
      copyFileSync(file, join(folder, name));
      expect(await measured({ ...EVENTS, database: { ...DATABASE, file: `/var/opt/product/${name}` } })).toMatchObject(TWO);
    }
  });

  it('that is damaged is told', async () => {
    product.exec(`${ROWS}; WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO events SELECT i, '2026-01-01' FROM n`);
    product.close();
    const fd = openSync(file, 'r+');
    for (let page = 1; page < 20; page += 1) writeSync(fd, Buffer.alloc(2_000, 'x'), 0, 2_000, page * 4_096);
    closeSync(fd);
    expect(await measured()).toMatchObject({ ok: false, error: expect.stringContaining('its file is damaged') });
  });

  it('that claims to be huge costs no more than its time', async () => {
    product.exec(ROWS);
    product.close();
    truncateSync(file, 2 ** 40);
    const startedMs = performance.now();
    await measured();
    expect(performance.now() - startedMs).toBeLessThan(25_000);
  }, 40_000);

  it('whose view lies is ended in time, and takes no memory with it', async () => {
    product.exec(`${ROWS}; CREATE VIEW endless AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, '2026-01-01' AS at FROM n`);
    product.exec(`CREATE VIEW large AS SELECT 1 AS id, hex(zeroblob(400000000)) AS at`);
    const startedMs = performance.now();
    expect(await measured({ ...EVENTS, relation: 'endless' })).toEqual({ ok: false, error: 'it took longer than a mail server can spare' });
    expect(performance.now() - startedMs).toBeLessThan(12_000);
    expect(await measured({ ...EVENTS, relation: 'large' })).toMatchObject({ ok: false });
    expect(await measured()).toMatchObject(TWO);
  }, 40_000);

  it('is asked nothing that reaches beyond it', async () => {
    product.exec(ROWS);
    const reader = await openReader(DATABASE, host());
    if (!reader.ok) throw new Error(reader.error);
    for (const query of ["SELECT load_extension('x')", "SELECT * FROM pragma_database_list", "WITH a AS (SELECT 1) INSERT INTO events SELECT 3, 'x'", "SELECT * FROM fts3_tokenizer('x')"]) expect([query, await reader.value.value(query)]).toMatchObject([query, { ok: false }]);
    expect(await reader.value.value('SELECT count(*) FROM events')).toEqual({ ok: true, value: '2' });
  });

  it.skipIf(process.geteuid?.() === 0)('that may not be read is told (skipped: root may read everything)', async () => {
    chmodSync(file, 0);
    expect(await measured()).toEqual({ ok: false, error: `${UNREAD}its file may not be read` });
  });
});
