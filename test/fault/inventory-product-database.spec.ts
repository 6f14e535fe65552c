import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreObservation } from '@mailwarden/contracts';
import { connectProduct, type ProductClient } from '@mailwarden/product-database';
import { startPostgres, type RunningPostgres } from '@mailwarden/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { byStore, items, observed, unknown, type Stores } from '../integration/hostile-host.js';

const PLACE = 'var/spool/mail-store';
const STORES: Stores = {
  events: { glob: `/${PLACE}/none/**`, kind: 'table', more: ', rows: { database: events, relation: public.events, key-column: id, time-column: at }' },
  mail: `/${PLACE}/**`,
};
const PROFILE = ['databases: { events: { engine: postgresql, socket: /var/run/none, user: nobody, source: here } }'];
/** No database is waited for longer, whatever it does; three tries of it, on a machine that is busy with other suites. Units: milliseconds. */
const TOOK_MS_MAX = 40_000;
const SUITE_MS = 60_000;

let root: string;
let postgres: RunningPostgres;
let product: ProductClient;

const placeAt = (port: number) => ({ databases: { events: { host: '127.0.0.1', port, name: 'postgres', user: postgres.superuser, passwordFile: postgres.passwordFile } } });
const scanned = async (port = postgres.port): Promise<Record<string, StoreObservation>> => byStore(await observed(root, STORES, PROFILE, { hostSettings: placeAt(port) }));

/** The table is unknown and says why; the files beside it are exact. */
async function expectUnknown(why: RegExp, port?: number): Promise<void> {
  const startedMs = performance.now();
  const { events, mail } = await scanned(port);
  expect(events?.records).toMatchObject({ known: false, reason: expect.stringMatching(why) });
  expect([events?.items.known, events?.oldestAt.known]).toEqual([false, false]);
  expect(unknown(events).join()).toMatch(why);
  expect([items(mail), unknown(mail)]).toEqual([1, []]);
  expect(performance.now() - startedMs).toBeLessThan(TOOK_MS_MAX);
}

beforeAll(async () => {
  postgres = await startPostgres();
  const opened = await connectProduct({ engine: 'postgresql', socket: '/var/run/none', name: 'events', user: 'nobody' }, placeAt(postgres.port), '/');
  if (!opened.ok) throw new Error(opened.error);
  product = opened.value;
  await product.query('SET search_path = public');
});
afterAll(async () => {
  await product?.end().catch(() => undefined);
  await postgres?.stop();
});
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-product-'));
  for (const folder of ['etc', PLACE]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:\n');
  writeFileSync(join(root, PLACE, 'letter'), 'x');
  await product.query('DROP TABLE IF EXISTS events');
  await product.query("CREATE TABLE events AS SELECT n AS id, timestamptz '2026-01-01 00:00:00+00' + n * interval '1 second' AS at FROM generate_series(1, 10) AS n");
});
afterEach(() => rmSync(root, { recursive: true }));

/** Somebody else at the port of a database, for the time of `work`. */
async function imposter(answer: (socket: Socket) => void, work: (port: number) => Promise<void>): Promise<void> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe("a scan whose product's database", () => {
  it('works tells its records', async () => {
    const { events, mail } = await scanned();
    expect([events?.records, items(mail)]).toEqual([expect.objectContaining({ value: 10 }), 1]);
  });

  it('is down says so, and measures the rest', () => expectUnknown(/nobody listens there/, 1), SUITE_MS);

  it('is locked by another session says so, and waits for it only for a moment', async () => {
    await product.query('BEGIN');
    await product.query('LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
    try {
      await expectUnknown(/another session has locked it/);
    } finally {
      await product.query('ROLLBACK');
    }
    expect((await scanned())['events']?.records).toMatchObject({ value: 10 });
  }, SUITE_MS);

  it('is of another version, without the table or with another column, says so', async () => {
    await product.query('ALTER TABLE events RENAME COLUMN at TO happened');
    await expectUnknown(/there is no such column/);
    await product.query('DROP TABLE events');
    await expectUnknown(/there is no such table/);
  }, SUITE_MS);

  it('is something else says so: what answers speaks another language, hangs up, or never says anything', async () => {
    await imposter((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), (port) => expectUnknown(/cannot be reached|no answer/, port));
    await imposter((socket) => socket.destroy(), (port) => expectUnknown(/cannot be reached|no answer/, port));
    await imposter(() => undefined, (port) => expectUnknown(/cannot be reached|no answer/, port));
  }, SUITE_MS);

  it('lies about itself is believed in no more than it can prove: times beyond all years are none, a number that is none is unknown', async () => {
    await product.query("INSERT INTO events VALUES (11, 'infinity'), (12, '-infinity'), (13, '294276-01-01')");
    expect((await scanned())['events']).toMatchObject({ records: { value: 13 }, oldestAt: { value: '2026-01-01T00:00:01.000Z' }, newestAt: { value: '2026-01-01T00:00:10.000Z' } });
    await product.query('DROP TABLE events');
    await product.query("CREATE VIEW events AS SELECT n AS id, timestamptz '2026-01-01' AS at FROM generate_series(1, 100000000000) AS n");
    try {
      const { events, mail } = await scanned();
      expect(events?.records?.known).toBe(false);
      expect(items(mail)).toBe(1);
    } finally {
      await product.query('DROP VIEW events');
    }
  }, SUITE_MS);
});
