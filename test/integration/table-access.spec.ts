import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseProfile, type HostSettings, type RedisDatabase, type Relation } from '@mailwarden/catalogue';
import { measureHost } from '@mailwarden/inventory-fs';
import type { ServerName } from '@mailwarden/kernel';
import { connectProduct, listAccess, tableAccess, type DatabaseHost, type ProductClient } from '@mailwarden/product-database';
import { noDatabases, startMariadb, startPostgres, startRedis, type RunningMariadb, type RunningPostgres } from '@mailwarden/testing';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SKIPPED = noDatabases();
const rows = (database: Relation['database'], relation: string): Relation => ({ database, relation, keyColumn: 'id', timeColumn: 'at', timeUnit: 'timestamp', fileColumn: null });

/** One line a role: `name rw because`. */
async function told(relation: Relation, host: DatabaseHost): Promise<{ roles: string[]; openToHost: string | null } | string> {
  const access = await tableAccess(relation, host);
  if (!access.ok) return access.error;
  return { roles: access.value.roles.map(({ name, read, write, because, isServers }) => `${name} ${read ? 'r' : '-'}${write ? 'w' : '-'} ${because}${isServers ? ' (server)' : ''}`).sort(), openToHost: access.value.openToHost };
}

describe('who gets at a table of PostgreSQL', () => {
  const EVENTS = rows({ engine: 'postgresql', socket: '/var/run/none', name: 'events', user: 'nobody' }, 'mail.events');
  let postgres: RunningPostgres;
  let superuser: ProductClient;
  let host: DatabaseHost;

  beforeAll(async () => {
    postgres = await startPostgres();
    const settings: HostSettings = { databases: { events: { host: '127.0.0.1', port: postgres.port, name: 'postgres', user: postgres.superuser, passwordFile: postgres.passwordFile } } };
    host = { root: { fd: -1 }, rootPath: '/', settings };
    const opened = await connectProduct(EVENTS.database, settings, '/');
    if (!opened.ok) throw new Error(opened.error);
    superuser = opened.value;
    const roles = ['product', 'reader', 'writer', 'by_column', 'member', 'reluctant NOINHERIT', 'closed', 'without_schema', 'stranger', 'boss SUPERUSER'];
    for (const role of roles) await superuser.query(`CREATE ROLE ${role.replace(' ', ' LOGIN ')}${role.includes(' ') ? '' : ' LOGIN'}`);
    await superuser.query(`CREATE ROLE readers; CREATE ROLE owners;
      CREATE SCHEMA mail AUTHORIZATION product; CREATE TABLE mail.events (id bigint, at timestamptz); ALTER TABLE mail.events OWNER TO product;
      GRANT USAGE ON SCHEMA mail TO reader, writer, by_column, readers, closed;
      GRANT SELECT ON mail.events TO reader, readers, without_schema; GRANT INSERT ON mail.events TO writer; GRANT SELECT (at) ON mail.events TO by_column;
      GRANT readers TO member, reluctant`);
  });
  afterAll(async () => {
    await superuser?.end().catch(() => undefined);
    await postgres?.stop();
  });

  it('is each role that may log in, by what lets it in, also through another role', async () => {
    expect(await told(EVENTS, host)).toEqual({
      roles: ['boss rw a super-user of the database', 'by_column r- by a grant on columns of it', `${postgres.superuser} rw a super-user of the database (server)`, 'member r- by another role that it belongs to', 'product rw owns the table', 'reader r- by a grant of its own', 'reluctant r- by another role that it belongs to', 'writer -w by a grant of its own'].map((line) => line.replace('by_column r- by a grant on columns of it', 'by_column r- by a grant on columns of it')).sort(),
      openToHost: null,
    });
  });

  it('is everyone where the table is given to every role', async () => {
    await superuser.query('GRANT USAGE ON SCHEMA mail TO PUBLIC; GRANT SELECT ON mail.events TO PUBLIC');
    try {
      expect(await told(EVENTS, host)).toMatchObject({ roles: expect.arrayContaining(['stranger r- by a grant to every role']) });
    } finally {
      await superuser.query('REVOKE ALL ON mail.events FROM PUBLIC; REVOKE ALL ON SCHEMA mail FROM PUBLIC');
    }
  });

  it('is whoever is on the host where the server asks nobody who it is', async () => {
    const [{ hba_file: file = '' } = {}] = (await superuser.query<{ hba_file: string }>('SHOW hba_file')).rows;
    const before = (await superuser.query<{ text: string }>('SELECT pg_read_file($1) AS text', [file])).rows[0]?.text ?? '';
    writeFileSync(file, `local all all trust\n${before}`);
    try {
      expect(await told(EVENTS, host)).toMatchObject({ openToHost: 'the server asks nobody on its socket who it is (trust)' });
    } finally {
      writeFileSync(file, before);
    }
  });

  it('is told by a scan beside the accounts of the host; a role that may bear a name leaves it as a hash', async () => {
    const parsed = parseProfile(`schema: mailwarden/profile/v1
id: product
product: { name: Product, vendor: Vendor, versions: "*" }
sources: { here: { title: This test, url: null, date: null, kind: general } }
accounts: { service: product, groups: [] }
services: []
databases:
  events: { engine: postgresql, socket: /var/run/none, user: product }
stores:
  - { id: events, section: Events, kind: table, directories: null, files: [], rows: { database: events, relation: mail.events, key-column: id, time-column: at }, data-categories: null, duration: not-stated, protection: { accounts: [ root, product ], groups: [], source: here }, rotatable: false }
`);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    const scan = { root: '/', profile: parsed.value, hostSettings: host.settings, server: 'host-1' as ServerName, bundleVersion: null, afterOrder: null, now: Date.now };
    const here = (await measureHost({ ...scan, hashKey: null })).stores[0]?.access;
    expect(here?.accounts.filter(({ declared }) => declared).map(({ name }) => name).sort()).toEqual([`database role ${postgres.superuser}`, 'database role product']);
    expect(here?.breaches).toContainEqual({ kind: 'database', account: 'database role reader', read: true, write: false, items: 1, mode: '', because: 'by a grant of its own' });
    const sent = (await measureHost({ ...scan, hashKey: new Uint8Array(32) })).stores[0]?.access;
    expect(sent?.breaches).toHaveLength(here?.breaches.length ?? 0);
    expect(JSON.stringify(sent)).not.toMatch(/reader|reluctant|boss/);
    expect(JSON.stringify(sent)).toContain('database role product');
  });

  it('is not known of a table that is not there', async () => {
    expect(await told({ ...EVENTS, relation: 'mail.absent' }, host)).toBe('there is no such table (42P01)');
  });
});

describe.skipIf(SKIPPED !== null)(`who gets at a table of MariaDB${SKIPPED === null ? '' : ` (skipped: ${SKIPPED})`}`, () => {
  const EVENTS = rows({ engine: 'mariadb', socket: '/run/product/mysqld.sock', name: 'product', user: 'watcher' }, 'events');
  let root: string;
  let rootFd: number;
  let server: RunningMariadb;
  const hostFor = (): DatabaseHost => ({ root: { fd: rootFd }, rootPath: root, settings: { databases: {} } });

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'mailwarden-table-access-'));
    mkdirSync(join(root, 'run/product'), { recursive: true });
    rootFd = openSync(root, 'r');
    server = await startMariadb(join(root, 'run/product'));
    const superuser = await createConnection({ socketPath: server.socket, user: 'root' });
    for (const statement of [
      'CREATE DATABASE product', 'CREATE TABLE product.events (id bigint, at timestamp)',
      'CREATE USER watcher@localhost, blind@localhost, reader@localhost, writer@localhost, elsewhere@localhost, member@localhost',
      'GRANT SELECT ON *.* TO watcher@localhost', 'GRANT SELECT ON product.* TO blind@localhost', 'GRANT SELECT ON product.events TO reader@localhost', 'GRANT INSERT ON product.* TO writer@localhost', 'GRANT SELECT ON mysql.help_topic TO elsewhere@localhost',
      'CREATE ROLE readers', 'CREATE ROLE outer_readers', 'GRANT SELECT ON product.events TO readers', 'GRANT readers TO outer_readers', 'GRANT outer_readers TO member@localhost',
    ]) await superuser.query(statement);
    await superuser.end();
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
    closeSync(rootFd);
    rmSync(root, { recursive: true });
  });

  it('is each account, by what lets it in, also through roles of roles', async () => {
    const access = await told(EVENTS, hostFor());
    expect(typeof access === 'string' ? access : access.roles.filter((line) => !line.endsWith('(server)'))).toEqual(['blind r- by a grant on the database', 'member r- by a role that it has', 'reader r- by a grant on the table', 'watcher r- by a grant on all databases', 'writer -w by a grant on the database']);
  });

  it("is not known where the server's own tables may not be read", async () => {
    expect(await told({ ...EVENTS, database: { ...EVENTS.database, user: 'blind' } as Relation['database'] }, hostFor())).toBe('the account may not read it (1142)');
  });
});

describe.skipIf(SKIPPED !== null)(`who gets at lists of Redis${SKIPPED === null ? '' : ` (skipped: ${SKIPPED})`}`, () => {
  const database = (place: Partial<RedisDatabase>): RedisDatabase => ({ engine: 'redis', name: 'history', socket: null, port: null, index: 0, ...place });
  const host: DatabaseHost = { root: { fd: -1 }, rootPath: '/', settings: { databases: {} } };
  const openTo = async (place: Partial<RedisDatabase>): Promise<string | null> => {
    const access = await listAccess(database(place), host);
    return access.ok ? access.value.openToHost : access.error;
  };

  it('is everyone on the host where its port asks for no password, and nobody where it does', async () => {
    const [open, closed] = await Promise.all([startRedis(), startRedis({ settings: ['--requirepass', 'secret'] })]);
    try {
      expect(await openTo({ port: open.port })).toBe('Redis asks for no password on its port');
      expect(await openTo({ port: closed.port })).toBeNull();
      expect(await openTo({ socket: open.socket })).toBe('it is reached by a socket, whose rights decide');
    } finally {
      await Promise.all([open.stop(), closed.stop()]);
    }
  });

  it('is not known where no server answers', async () => {
    expect(await openTo({ port: 1 })).toContain('nobody listens there');
  });
});
