import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { createClient } from '@redis/client';
import type { HostSettings, RecordLists, RedisDatabase } from '@mailwarden/catalogue';
import { measureLists, type DatabaseHost } from '@mailwarden/product-database';
import { noDatabases, startRedis, type RunningRedis } from '@mailwarden/testing';
import { scanned, storeText } from './table-host.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const SKIPPED = noDatabases();
const DATABASE: RedisDatabase = { engine: 'redis', name: 'history', socket: '/run/product/redis.sock', port: null, index: 0 };
const LISTS: RecordLists = { database: DATABASE, keys: 'rs_history*', encoding: 'json', timeField: 'unix_time' };
const REACHED = 'database history cannot be reached: ';
const UNREAD = 'the lists of database history could not be read: ';
const BEGINNING_S = 1_767_225_600;

let root: string;
let rootFd: number;
let server: RunningRedis;

const product = (index = 0) => createClient({ socket: { path: server.socket, reconnectStrategy: false }, database: index, RESP: 2 });
type Product = ReturnType<typeof product>;
let client: Product;

const hostWith = (databases: HostSettings['databases'] = {}, rootPath = root): DatabaseHost => ({ root: { fd: rootFd }, rootPath, settings: { databases } });
const measured = (changed: Partial<RecordLists> = {}, host = hostWith()) => measureLists({ ...LISTS, ...changed }, host);
const on = (changed: Partial<RedisDatabase>): Partial<RecordLists> => ({ database: { ...DATABASE, ...changed } });
const entry = (n: number): string => JSON.stringify({ unix_time: BEGINNING_S + n, subject: 'x', rcpt_smtp: ['somebody@example.org'] });

describe.skipIf(SKIPPED !== null)(`a store in Redis${SKIPPED === null ? '' : ` (skipped: ${SKIPPED})`}`, () => {
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'mailwarden-redis-host-'));
    mkdirSync(join(root, 'run/product'), { recursive: true });
    rootFd = openSync(root, 'r');
    server = await startRedis({ folder: join(root, 'run/product') });
  });
  beforeEach(async () => {
    client = product();
    client.on('error', () => undefined);
    await client.connect();
    await client.flushAll();
  });
  afterEach(async () => {
    if (client.isOpen) {
      await client.sendCommand(['CONFIG', 'SET', 'requirepass', '']).catch(() => undefined);
      client.destroy();
    }
  });
  afterAll(async () => {
    await server?.stop();
    if (rootFd !== undefined) closeSync(rootFd);
    if (root !== undefined) rmSync(root, { recursive: true, force: true });
  });

  it.each([
    ['LPUSH', 'json'],
    ['RPUSH', 'json-zstd'],
  ] as const)('is the sum of its lists, filled by %s, written as %s', async (push, encoding) => {
    const written = (n: number): Buffer => (encoding === 'json' ? Buffer.from(entry(n)) : zstdCompressSync(Buffer.from(entry(n))));
    for (let n = 0; n < 200; n += 1) await client.sendCommand([push, `rs_history${n < 150 ? '_a' : '_b'}`, written(n)]);
    await client.set('rs_history_set', 'no list');
    await client.sendCommand(['RPUSH', 'other', 'x']);
    const facts = await measured({ encoding });
    expect(facts).toMatchObject({ ok: true, value: { records: 200, bytes: { known: true }, oldestAt: '2026-01-01T00:00:00.000Z', newestAt: '2026-01-01T00:03:19.000Z' } });
    const told = Number(await client.sendCommand(['MEMORY', 'USAGE', 'rs_history_a'])) + Number(await client.sendCommand(['MEMORY', 'USAGE', 'rs_history_b']));
    expect(facts.ok && facts.value.bytes).toMatchObject({ value: told });
  });

  it('is nothing when there is no list, and lies in the database that the profile numbers', async () => {
    expect(await measured()).toMatchObject({ ok: true, value: { records: 0, bytes: { known: true, value: 0 }, oldestAt: null, newestAt: null } });
    await client.rPush('rs_history', entry(0));
    expect(await measured(on({ index: 3 }))).toMatchObject({ ok: true, value: { records: 0 } });
    await client.sendCommand(['MOVE', 'rs_history', '3']);
    expect(await measured(on({ index: 3 }))).toMatchObject({ ok: true, value: { records: 1 } });
    expect(await measured(on({ index: 400 }))).toEqual({ ok: false, error: `${REACHED}there is no database of this number` });
  });

  it('has no times where its entries say nothing that is one', async () => {
    for (const text of ['no json', '{"unix_time":"x"}', '{"unix_time":3093527980800}', '{"unix_time":-5}']) {
      await client.del('rs_history');
      await client.rPush('rs_history', [text, text]);
      expect(await measured()).toMatchObject({ ok: true, value: { records: 2, oldestAt: null, newestAt: null } });
    }
    await client.rPush('rs_history', entry(5));
    expect(await measured()).toMatchObject({ ok: true, value: { records: 3, oldestAt: '2026-01-01T00:00:05.000Z', newestAt: '2026-01-01T00:00:05.000Z' } });
    expect(await measured({ encoding: 'opaque' })).toMatchObject({ ok: true, value: { records: 3, oldestAt: null } });
  });

  it('is looked for up to a bound, and quickly among a million other keys', async () => {
    await client.sendCommand(['EVAL', "for n = 1, 1000000 do redis.call('SET', 'k' .. n, '') end for n = 1, 1000 do redis.call('RPUSH', 'rs_history' .. n, 'x') end", '0']);
    const startedMs = performance.now();
    expect(await measured()).toMatchObject({ ok: true, value: { records: 1_000 } });
    const tookMs = performance.now() - startedMs;
    if (process.env['MAILWARDEN_TEST_LOG'] !== undefined) console.log(`1,000 lists among 1,000,000 keys in ${tookMs.toFixed(0)} ms`);
    expect(tookMs).toBeLessThan(10_000);
    await client.rPush('rs_history0', 'x');
    expect(await measured()).toEqual({ ok: false, error: `${UNREAD}more than 1000 lists` });
  }, 60_000);

  it('is a store of a scan', async () => {
    await client.rPush('rs_history', [entry(0), entry(7)]);
    const stores = [storeText('history', 'table', ["lists: { database: history, keys: 'rs_history*', encoding: json, time-field: unix_time }"])];
    const [history] = (await scanned(root, { databases: '  history: { engine: redis, socket: /run/product/redis.sock }', stores })).stores;
    expect(history).toMatchObject({ present: true, items: { value: 2 }, records: { value: 2 }, newestAt: { value: '2026-01-01T00:00:07.000Z' } });
    const [unread] = (await scanned(root, { databases: '  history: { engine: redis, port: 6379 }', stores })).stores;
    expect(unread).toMatchObject({ present: false, items: { known: false }, unknown: [{ what: 'records', why: `${REACHED}its port belongs to another host than the folder that is scanned` }] });
  });

  it('is only read: the server is told no command that could write', async () => {
    await client.rPush('rs_history', [entry(0), entry(1)]);
    await client.sendCommand(['CONFIG', 'RESETSTAT']);
    await measured();
    const used = [...String(await client.sendCommand(['INFO', 'commandstats'])).matchAll(/^cmdstat_([^:]+):/gm)].map(([, name]) => name ?? '');
    const own = used.filter((name) => !['info', 'config|resetstat'].includes(name)).sort();
    expect(own).toEqual(['lindex', 'llen', 'memory|usage', 'scan']);
  });

  describe('that is guarded', () => {
    it('by a password says so, and opens with the one that the host keeps', async () => {
      await client.rPush('rs_history', entry(0));
      await client.sendCommand(['CONFIG', 'SET', 'requirepass', 'secret']);
      expect(await measured()).toEqual({ ok: false, error: `${UNREAD}it asks for a password; name one in the host's settings (NOAUTH)` });
      const passwordFile = join(root, 'password');
      const place = { host: server.socket, port: 0, name: 'history', user: '', passwordFile };
      writeFileSync(passwordFile, 'wrong', { mode: 0o600 });
      expect(await measured({}, hostWith({ history: place }))).toEqual({ ok: false, error: `${REACHED}the account or its password is not right (WRONGPASS)` });
      writeFileSync(passwordFile, 'secret\n');
      expect(await measured({}, hostWith({ history: place }))).toMatchObject({ ok: true, value: { records: 1 } });
      expect(await measured({}, hostWith({ history: { ...place, host: '127.0.0.1', port: server.port } }))).toMatchObject({ ok: true, value: { records: 1 } });
    });

    it('by rules for the account says so', async () => {
      await client.rPush('rs_history', entry(0));
      const passwordFile = join(root, 'password');
      writeFileSync(passwordFile, 'secret', { mode: 0o600 });
      const place = { host: server.socket, port: 0, name: 'history', user: 'watcher', passwordFile };
      await client.sendCommand(['ACL', 'SETUSER', 'watcher', 'on', '>secret', '~rs_history*', '+scan']);
      expect(await measured({}, hostWith({ history: place }))).toEqual({ ok: false, error: `${UNREAD}the account may not read it (NOPERM)` });
      await client.sendCommand(['ACL', 'SETUSER', 'watcher', '+llen', '+lindex', '+memory|usage']);
      expect(await measured({}, hostWith({ history: place }))).toMatchObject({ ok: true, value: { records: 1 } });
      await client.sendCommand(['ACL', 'DELUSER', 'watcher']);
    });
  });

  describe('that cannot be reached', () => {
    it('says why', async () => {
      expect(await measured(on({ socket: '/run/absent/redis.sock' }))).toEqual({ ok: false, error: `${REACHED}its folder does not exist` });
      expect(await measured(on({ socket: '/run/product/absent' }))).toEqual({ ok: false, error: `${REACHED}its socket does not exist (ENOENT)` });
      writeFileSync(join(root, 'run/plain'), '');
      expect(await measured(on({ socket: '/run/plain' }))).toEqual({ ok: false, error: `${REACHED}nobody listens there (ECONNREFUSED)` });
      symlinkSync(join(root, 'run/product'), join(root, 'run/link'));
      expect(await measured(on({ socket: '/run/link/redis.sock' }))).toEqual({ ok: false, error: `${REACHED}a link or a file stands where its folder should` });
    });

    it('by a port is that of this host alone', async () => {
      await client.rPush('rs_history', entry(0));
      const byPort = on({ socket: null, port: server.port });
      expect(await measured(byPort)).toEqual({ ok: false, error: `${REACHED}its port belongs to another host than the folder that is scanned` });
      expect(await measured(byPort, hostWith({}, '/'))).toMatchObject({ ok: true, value: { records: 1 } });
      expect(await measured(on({ socket: null, port: 1 }), hostWith({}, '/'))).toEqual({ ok: false, error: `${REACHED}nobody listens there (ECONNREFUSED)` });
    });

    it.each<[string, (socket: Socket) => void]>([
      ['never answers', () => undefined],
      ['talks nonsense', (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
      ['drips', (socket) => void setInterval(() => socket.write('*'), 200).unref()],
      ['ends at once', (socket) => void socket.end()],
    ])('because its server %s, is given up', async (name, greet) => {
      const sockets: Socket[] = [];
      const odd = createServer((socket) => {
        sockets.push(socket);
        socket.on('error', () => undefined);
        greet(socket);
      });
      const path = join(root, 'run', name.replaceAll(' ', '-'));
      await new Promise<void>((resolve) => odd.listen(path, resolve));
      const startedMs = performance.now();
      expect(await measured(on({ socket: path.slice(root.length) }))).toMatchObject({ ok: false });
      expect(performance.now() - startedMs).toBeLessThan(10_000);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => odd.close(resolve));
    });

    it('since its server stands still', async () => {
      await client.rPush('rs_history', entry(0));
      process.kill(server.pid, 'SIGSTOP');
      try {
        expect(await measured()).toEqual({ ok: false, error: `${UNREAD}no answer (ETIMEDOUT)` });
      } finally {
        process.kill(server.pid, 'SIGCONT');
      }
    });

    it('since its server is gone', async () => {
      await server.kill();
      expect(await measured()).toEqual({ ok: false, error: `${REACHED}nobody listens there (ECONNREFUSED)` });
    });
  });
});
