import { closeSync, openSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { RedisDatabase, Relation, ServerDatabase } from '@mailwarden/catalogue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guardedSocket, withGuardedSockets } from './guarded-socket.js';
import { measureLists, openReader, type DatabaseHost } from './index.js';

const MEBIBYTE = Buffer.alloc(1024 * 1024, 'A');
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
/** A message of PostgreSQL with a length that is right. */
const message = (type: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), number(body.length + 4), body]);
};
const WELCOME = Buffer.concat([message('R', number(0)), message('Z', Buffer.from('I'))]);
/** A packet of MariaDB. */
const packet = (sequence: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([body.length & 0xff, body.length >> 8, 0, sequence]), body]);

const sockets: Socket[] = [];
let rootFd: number;
beforeEach(() => void (rootFd = openSync('/', 'r')));
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  closeSync(rootFd);
});

/** A server that says what it likes, for the time of `work`. */
async function hostile<T>(says: (socket: Socket) => void, work: (port: number) => Promise<T>): Promise<T> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    says(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

const flood = (socket: Socket, first: Buffer): void => {
  const more = (): void => {
    while (!socket.destroyed && socket.write(MEBIBYTE));
  };
  socket.on('drain', more).write(first);
  more();
};

const hostAt = (port: number): DatabaseHost => ({ root: { fd: rootFd }, rootPath: '/', settings: { databases: { d: { host: '127.0.0.1', port, name: 'd', user: 'u', passwordFile: null } } } });

async function asked(engine: 'postgresql' | 'mariadb', port: number): Promise<unknown> {
  const database: ServerDatabase = { engine, socket: '/run/none', name: 'd', user: 'u' };
  const relation: Relation = { database, relation: 'events', keyColumn: 'id', timeColumn: 'at', timeUnit: 'timestamp', fileColumn: null };
  const reader = await openReader(database, hostAt(port));
  if (!reader.ok) return reader;
  const facts = await reader.value.measure(relation);
  await reader.value.close();
  return facts;
}

const listed = (port: number): Promise<unknown> => {
  const database: RedisDatabase = { engine: 'redis', name: 'd', socket: null, port: null, index: 0 };
  return measureLists({ database, keys: 'x*', encoding: 'opaque', timeField: null }, hostAt(port));
};

describe('a socket whose other side may be anybody', () => {
  // Unguarded, each of them ends the process: the driver throws where nobody can catch.
  it.each([
    ['a way to log in that does not exist', message('R', number(99))],
    ['more columns than the message holds', Buffer.concat([WELCOME, message('T', Buffer.from([0xff, 0xff]))])],
    ['a row that is shorter than its own head', Buffer.concat([WELCOME, Buffer.from('D'), number(0)])],
    ['a row that nobody asked for', Buffer.concat([WELCOME, message('D', Buffer.from([0, 1, 0, 0, 0, 1, 65]))])],
  ])('lets a PostgreSQL that tells %s end the connection alone', async (_what, told) => {
    expect(await hostile((socket) => void socket.once('data', () => socket.write(told)), (port) => asked('postgresql', port))).toMatchObject({ ok: false });
  });

  it.each([
    ['nothing but a head', packet(0, Buffer.from([10]))],
    ['an empty greeting', packet(0, Buffer.alloc(0))],
    ['a greeting of 0xff', packet(0, Buffer.alloc(200, 0xff))],
    ['a greeting of zeroes', packet(0, Buffer.alloc(80))],
  ])('lets a MariaDB that tells %s end the connection alone', async (_what, told) => {
    expect(await hostile((socket) => void socket.write(told), (port) => asked('mariadb', port))).toMatchObject({ ok: false });
  });

  it('is told no more than fits, by an answer of PostgreSQL and one of Redis without an end', async () => {
    const row = Buffer.concat([WELCOME, Buffer.from('D'), number(0xffff_fff0)]);
    expect(await hostile((socket) => void socket.once('data', () => flood(socket, row)), (port) => asked('postgresql', port))).toEqual({ ok: false, error: 'it told more than is read (EMSGSIZE)' });
    const list = Buffer.from('$4000000000\r\n');
    expect(await hostile((socket) => void socket.once('data', () => flood(socket, list)), listed)).toMatchObject({ ok: false, error: expect.stringContaining('it told more than is read (EMSGSIZE)') });
  });

  it('hands on what it is told below the bound, and guards no socket of others', async () => {
    const heardBy = (open: (port: number) => Socket): Promise<number> =>
      hostile((socket) => void socket.end(MEBIBYTE), (port) => new Promise((resolve) => {
        let bytes = 0;
        open(port).on('data', (chunk: Buffer) => void (bytes += chunk.length)).on('error', () => undefined).on('close', () => resolve(bytes));
      }));
    expect(await heardBy((port) => guardedSocket().connect(port, '127.0.0.1'))).toBe(MEBIBYTE.length);
    expect(await heardBy((port) => withGuardedSockets(() => connect(port, '127.0.0.1'), 1_000))).toBe(0);
    expect(await heardBy((port) => connect(port, '127.0.0.1'))).toBe(MEBIBYTE.length);
  });

  it('tells nothing of what a server puts in the place of a code', async () => {
    const refusal = Buffer.concat([WELCOME, message('E', Buffer.from('SERROR\0Csomebody@example.org\0Mx\0\0')), message('Z', Buffer.from('I'))]);
    expect(await hostile((socket) => void socket.once('data', () => socket.write(refusal)), (port) => asked('postgresql', port))).toEqual({ ok: false, error: 'no answer' });
  });
});
