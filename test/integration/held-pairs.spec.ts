import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostSettings, Relation } from '@mailwarden/catalogue';
import { withHost } from '@mailwarden/inventory-fs';
import { openPairTrimmer } from '@mailwarden/product-database';
import { noDatabases, startMariadb, startPostgres } from '@mailwarden/testing';
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SKIPPED = noDatabases();
const SUITE_MS = 120_000;
const BEGINNING_S = Date.UTC(2026, 0, 1) / 1_000;
const at = (seconds: number): number => (BEGINNING_S + seconds) * 1_000;
const HELD = [{ fromMs: at(15), untilMs: at(25) }];
const PAIRS: Omit<Relation, 'database'> = { relation: 'pairs', keyColumn: 'id', timeColumn: 'at', timeUnit: 'unix-seconds', fileColumn: 'file' };
/** A file may have several rows; one without a moment may be of any. */
const ROWS = [['before', 10], ['held', 20], ['after', 30], ['both', 10], ['both', 20], ["it's undated", null]] as const;
const ASKED = [...new Set(ROWS.map(([file]) => file)), 'HELD', 'none'];
const insert = ROWS.map(([file, seconds], index) => `(${index}, ${seconds === null ? 'NULL' : BEGINNING_S + seconds}, '${file.replaceAll("'", "''")}')`).join(', ');
const MAKE = 'CREATE TABLE pairs (id bigint PRIMARY KEY, at bigint, file varchar(40))';
const FILL = `INSERT INTO pairs VALUES ${insert}`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-held-'));
  chmodSync(root, 0o777); // Also for a server that does not run as root.
  mkdirSync(join(root, 'run/product'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const held = (rows: Relation, settings: HostSettings): Promise<Set<string>> =>
  withHost(root, settings, async (host) => {
    const opened = await openPairTrimmer(rows, host, { overwrite: false, owners: [] });
    if (!opened.ok) throw new Error(opened.error);
    try {
      expect(await opened.value.filesHeld([], HELD)).toEqual(new Set());
      expect(await opened.value.filesHeld(ASKED, [{ fromMs: -Infinity, untilMs: Infinity }])).toEqual(new Set(ROWS.map(([file]) => file)));
      return await opened.value.filesHeld(ASKED, HELD);
    } finally {
      await opened.value.close();
    }
  });

describe('files whose row is of a held time', () => {
  it('are told by SQLite', async () => {
    chmodSync(root, 0o755);
    const product = new DatabaseSync(join(root, 'product.db'));
    product.exec(`${MAKE}; ${FILL}`);
    product.close();
    expect(await held({ database: { engine: 'sqlite', name: 'product', file: '/product.db' }, ...PAIRS }, { databases: {} })).toEqual(new Set(['held', 'both', "it's undated"]));
  });

  it('are told by PostgreSQL', { timeout: SUITE_MS }, async () => {
    const server = await startPostgres();
    const product = new Client({ host: '127.0.0.1', port: server.port, user: server.superuser, database: 'postgres', password: readFileSync(server.passwordFile, 'utf8').trim() });
    await product.connect();
    try {
      await product.query(`${MAKE}; ${FILL}`);
      const settings = { databases: { product: { host: '127.0.0.1', port: server.port, name: 'postgres', user: server.superuser, passwordFile: server.passwordFile } } };
      expect(await held({ database: { engine: 'postgresql', socket: '/x', name: 'product', user: 'x' }, ...PAIRS, relation: 'public.pairs' }, settings)).toEqual(new Set(['held', 'both', "it's undated"]));
    } finally {
      await product.end();
      await server.stop();
    }
  });

  it.skipIf(SKIPPED !== null)(`are told by MariaDB${SKIPPED === null ? '' : ` (skipped: ${SKIPPED})`}`, { timeout: SUITE_MS }, async () => {
    const server = await startMariadb(join(root, 'run/product'));
    const superuser = await createConnection({ socketPath: server.socket, user: 'root' });
    try {
      for (const statement of ['CREATE DATABASE product', 'USE product', MAKE, FILL, 'CREATE USER trimmer@localhost', 'GRANT SELECT, DELETE ON product.pairs TO trimmer@localhost']) await superuser.query(statement);
      expect(await held({ database: { engine: 'mariadb', socket: '/run/product/mysqld.sock', name: 'product', user: 'trimmer' }, ...PAIRS }, { databases: {} })).toEqual(new Set(['held', 'both', "it's undated"]));
    } finally {
      await superuser.end();
      await server.stop();
    }
  });
});
