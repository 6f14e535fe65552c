import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostSettings, ServerDatabase } from '@mailwarden/catalogue';
import { openReader, type DatabaseHost } from '@mailwarden/product-database';
import { noDatabases, startMariadb, type RunningMariadb } from '@mailwarden/testing';
import { createConnection, type Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conformsToReader, readerOf, type ProductDatabase } from './relation-conformance.js';

const SKIPPED = noDatabases();
const DATABASE: ServerDatabase = { engine: 'mariadb', socket: '/run/product/mysqld.sock', name: 'product', user: 'watcher' };
const REACHED = 'database product cannot be reached: ';

let root: string;
let rootFd: number;
let server: RunningMariadb;
/** The product's own session. */
let product: Connection;

const connect = (user: string, database?: string): Promise<Connection> => createConnection({ socketPath: server.socket, user, ...(database === undefined ? {} : { database }) });
const hostWith = (databases: HostSettings['databases'] = {}): DatabaseHost => ({ root: { fd: rootFd }, rootPath: root, settings: { databases } });

/** A server that takes connections and does with them what it is told. */
async function oddServer(name: string, greet: (socket: Socket) => void): Promise<{ path: string; close(): Promise<void> }> {
  const sockets: Socket[] = [];
  const odd: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    greet(socket);
  });
  const path = join(root, 'run', name);
  await new Promise<void>((resolve) => odd.listen(path, resolve));
  return {
    path: `/run/${name}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => odd.close(resolve));
    },
  };
}

const reasonOf = async (changed: Partial<ServerDatabase>, databases: HostSettings['databases'] = {}): Promise<string> => {
  const opened = await openReader({ ...DATABASE, ...changed }, hostWith(databases));
  if (!opened.ok) return opened.error;
  await opened.value.close();
  return 'reached';
};

describe.skipIf(SKIPPED !== null)(`a store in MariaDB${SKIPPED === null ? '' : ` (skipped: ${SKIPPED})`}`, () => {
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'mailwarden-mariadb-host-'));
    mkdirSync(join(root, 'run/product'), { recursive: true });
    chmodSync(root, 0o777); // Also for a server that does not run as root.
    rootFd = openSync(root, 'r');
    server = await startMariadb(join(root, 'run/product'));
    const superuser = await connect('root');
    await superuser.query('CREATE DATABASE product CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci');
    await superuser.query("CREATE USER watcher@localhost, product@localhost, stranger@localhost IDENTIFIED BY 'secret'");
    await superuser.query('GRANT SELECT, INSERT, DELETE, DROP, CREATE, FILE, EXECUTE ON *.* TO watcher@localhost'); // More than it needs: nothing may come of it.
    await superuser.query('GRANT ALL ON product.* TO product@localhost');
    await superuser.end();
    product = await connect('product', 'product');
  }, 120_000);
  afterAll(async () => {
    await product?.end().catch(() => undefined);
    await server?.stop();
    if (rootFd !== undefined) closeSync(rootFd);
    if (root !== undefined) rmSync(root, { recursive: true, force: true });
  });

  const here: ProductDatabase = {
    database: DATABASE,
    get host() {
      return hostWith();
    },
    run: (statement) => product.query(statement),
    lock: async () => {
      const other = await connect('product', 'product');
      await other.query('LOCK TABLES events WRITE');
      return () => other.end();
    },
  };
  conformsToReader(() => here, {
    moment: 'datetime',
    numbers: (rows) => `(SELECT seq AS n FROM seq_1_to_${rows}) AS numbers`,
    secondsAfter: (n) => `CONVERT_TZ('2026-01-01 00:00:00', '+00:00', @@session.time_zone) + INTERVAL ${n} SECOND`,
    endless: 'SELECT count(*) FROM seq_1_to_100000000 a, seq_1_to_100000000 b',
    lockedWords: /^another session has locked it \(1205\)$/,
    noTableWords: 'there is no such table (1146)',
    noColumnWords: 'there is no such column (1054)',
  });

  describe('a table', () => {
    it('of moments with a zone is read in UTC, and dates of zeroes are none', async () => {
      await product.query('DROP TABLE IF EXISTS odd');
      await product.query("SET sql_mode = ''");
      await product.query("CREATE TABLE odd (id int, at timestamp NULL, day date, zero datetime)");
      await product.query("SET time_zone = '+05:00'");
      await product.query("INSERT INTO odd VALUES (1, '2026-01-01 05:00:00', '2026-01-02', '0000-00-00'), (2, '2026-01-01 05:00:09', '2026-01-03', '2026-02-00')");
      await product.query('SET time_zone = DEFAULT');
      const reader = await readerOf(here);
      const odd = { database: DATABASE, relation: 'product.odd', keyColumn: 'id', timeColumn: 'at', timeUnit: 'timestamp', fileColumn: null } as const;
      expect(await reader.measure(odd)).toMatchObject({ ok: true, value: { records: 2, oldestAt: '2026-01-01T00:00:00.000Z', newestAt: '2026-01-01T00:00:09.000Z' } });
      expect(await reader.measure({ ...odd, timeColumn: 'zero' })).toMatchObject({ ok: true, value: { records: 2, oldestAt: null, newestAt: null } });
      expect(await reader.measure({ ...odd, timeColumn: 'day' })).toMatchObject({ ok: true, value: { records: 2 } });
      await reader.close();
    });

    it('that is a view without end, or of something gone, is told', async () => {
      await product.query('CREATE OR REPLACE VIEW endless AS SELECT a.seq AS id, NOW() AS at FROM seq_1_to_100000000 a, seq_1_to_100000000 b');
      await product.query('CREATE TABLE base (id int, at datetime)');
      await product.query('CREATE OR REPLACE VIEW gone AS SELECT * FROM base');
      await product.query('CREATE OR REPLACE VIEW small AS SELECT 1 AS id, NOW() AS at');
      await product.query('DROP TABLE base');
      const reader = await readerOf(here);
      const view = (relation: string) => reader.measure({ database: DATABASE, relation, keyColumn: 'id', timeColumn: 'at', timeUnit: 'timestamp', fileColumn: null });
      expect(await view('endless')).toEqual({ ok: false, error: 'it took longer than a mail server can spare (1969)' });
      expect(await view('gone')).toMatchObject({ ok: false, error: 'it is a view of something that is not there (1356)' });
      expect(await view('small')).toMatchObject({ ok: true, value: { records: 1, bytes: { known: false } } });
      await reader.close();
    }, 60_000);
  });

  it('is asked nothing that writes, not by a function, a sequence or a file either', async () => {
    await product.query('CREATE OR REPLACE SEQUENCE numbers');
    await product.query('CREATE OR REPLACE TABLE mark (id int) ENGINE=Aria');
    await product.query('CREATE OR REPLACE FUNCTION writes() RETURNS int MODIFIES SQL DATA BEGIN INSERT INTO mark VALUES (1); RETURN 1; END');
    const reader = await readerOf(here);
    for (const query of ['SELECT writes()', 'SELECT NEXTVAL(numbers)', `SELECT 1 INTO OUTFILE '${join(root, 'written')}'`, `SELECT LOAD_FILE('/etc/hostname')`, "SELECT GET_LOCK('x', 1)"]) expect([query, await reader.value(query)]).toMatchObject([query, { ok: false }]);
    await reader.close();
    const [rows] = await product.query<never[]>('SELECT * FROM mark');
    expect(rows).toHaveLength(0);
    expect(existsSync(join(root, 'written'))).toBe(false);
  });

  describe('that cannot be reached', () => {
    it('says why', async () => {
      expect(await reasonOf({ name: 'absent' })).toBe(`${REACHED.replace('product', 'absent')}there is no such database (1049)`);
      expect(await reasonOf({ user: 'nobody' })).toMatch(/the account (?:or its password is not right|is not let in|may not read it)/);
      expect(await reasonOf({ user: 'stranger' })).toMatch(/the account or its password is not right \(1045\)/);
      expect(await reasonOf({ socket: '/run/absent/mysqld.sock' })).toBe(`${REACHED}its folder does not exist`);
      expect(await reasonOf({ socket: '/run/product/absent' })).toBe(`${REACHED}its socket does not exist (ENOENT)`);
      writeFileSync(join(root, 'run/plain'), '');
      expect(await reasonOf({ socket: '/run/plain' })).toBe(`${REACHED}nobody listens there (ECONNREFUSED)`);
    });

    it('is not looked for behind a link that leads out of the root', async () => {
      symlinkSync(join(root, 'run/product'), join(root, 'run/link'));
      expect(await reasonOf({ socket: '/run/link/mysqld.sock' })).toBe(`${REACHED}a link or a file stands where its folder should`);
    });

    it("is found where the host's settings say, with the password of their file", async () => {
      const passwordFile = join(root, 'password');
      const place = { host: server.socket, port: 0, name: 'product', user: 'stranger', passwordFile };
      writeFileSync(passwordFile, 'wrong', { mode: 0o600 });
      expect(await reasonOf({}, { product: place })).toBe(`${REACHED}the account or its password is not right (1045)`);
      writeFileSync(passwordFile, 'secret');
      expect(await reasonOf({}, { product: place })).toBe(`${REACHED}the account may not read it (1044)`);
      expect(await reasonOf({}, { product: { ...place, name: 'information_schema' } })).toBe('reached');
      expect(await reasonOf({}, { product: { ...place, passwordFile: join(root, 'absent') } })).toContain('cannot be read (ENOENT)');
    });

    it.each([
      ['never answers', (): void => undefined],
      ['drips', (socket: Socket): void => void setInterval(() => socket.write('\x4a'), 200).unref()],
      ['talks nonsense', (socket: Socket): void => void socket.write('HTTP/1.1 200 OK\r\n\r\n')],
      ['ends at once', (socket: Socket): void => void socket.end()],
    ])('because its server %s, is given up', async (name, greet) => {
      const odd = await oddServer(name.replaceAll(' ', '-'), greet);
      const startedMs = performance.now();
      expect(await reasonOf({ socket: odd.path })).toContain(REACHED);
      expect(performance.now() - startedMs).toBeLessThan(10_000);
      await odd.close();
    });

    it('since its server went away in the middle of a question', async () => {
      const reader = await readerOf(here);
      const asking = reader.value('SELECT SLEEP(15)');
      await server.kill();
      expect(await asking).toEqual({ ok: false, error: 'the connection was lost (ECONNRESET)' });
      await reader.close();
      expect(await reasonOf({})).toBe(`${REACHED}nobody listens there (ECONNREFUSED)`);
    });
  });
});
