import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash, generateKeyPairSync } from 'node:crypto';
import type { HostSettings, ServerDatabase } from '@mailwarden/catalogue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectProduct } from './connect.js';
import { connectMariadb } from './mariadb/connect-mariadb.js';

const PASSWORD = 'a password that nobody may learn';
const USER = 'mailwarden';
const SCRAMBLE = Buffer.from('12345678abcdefghijkl');
const database = (engine: ServerDatabase['engine']): ServerDatabase => ({ engine, name: 'product', socket: '/run/none', user: USER }) as ServerDatabase;

let dir: string;
let server: Server;
let told: Buffer[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-asked-'));
  writeFileSync(join(dir, 'password'), PASSWORD, { mode: 0o600 });
  told = [];
});
afterEach(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

/** Somebody sits where the server should be: on a port, or on a socket. */
async function sits(use: (socket: Socket) => void, isPort: boolean): Promise<HostSettings> {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => told.push(bytes));
    use(socket);
  });
  const path = join(dir, 'socket');
  server.listen(isPort ? { port: 0, host: '127.0.0.1' } : { path });
  await once(server, 'listening');
  const place = isPort ? { host: '127.0.0.1', port: (server.address() as AddressInfo).port } : { host: path, port: 0 };
  return { databases: { product: { ...place, name: 'product', user: USER, passwordFile: join(dir, 'password') } } };
}
const heard = (): string => Buffer.concat(told).toString('latin1');

describe('a password of PostgreSQL', () => {
  const asks = (request: number, salt = Buffer.alloc(0)) => (socket: Socket): void => {
    const words = Buffer.alloc(8);
    words.writeUInt32BE(8 + salt.length, 0);
    words.writeUInt32BE(request, 4);
    socket.once('data', () => socket.write(Buffer.concat([Buffer.from('R'), words, salt])));
  };
  const md5 = (text: string | Buffer): string => createHash('md5').update(text).digest('hex');

  it.each([
    ['itself', asks(3)],
    ['as what is as good for its server', asks(5, SCRAMBLE.subarray(0, 4))],
  ])('is not handed to whoever asks for it %s', async (_how, use) => {
    const found = await connectProduct(database('postgresql'), await sits(use, true), '/');
    expect(found).toEqual({ ok: false, error: expect.stringContaining('scram-sha-256') });
    expect(heard()).toContain(USER);
    expect(heard()).not.toContain(PASSWORD);
    expect(heard()).not.toContain(md5(Buffer.concat([Buffer.from(md5(PASSWORD + USER)), SCRAMBLE.subarray(0, 4)])));
  });
});

describe('a password of MariaDB', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const packet = (sequence: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([body.length & 0xff, body.length >> 8, 0, sequence]), body]);
  const greeting = (plugin: string): Buffer =>
    Buffer.concat([Buffer.from([10]), Buffer.from('8.0.0\0'), Buffer.from([1, 0, 0, 0]), SCRAMBLE.subarray(0, 8), Buffer.from([0, 0xff, 0xf7, 45, 2, 0, 0xff, 0x81, 21]), Buffer.alloc(10), SCRAMBLE.subarray(8), Buffer.from([0]), Buffer.from(`${plugin}\0`)]);
  const switchTo = (plugin: string): Buffer => Buffer.concat([Buffer.from([0xfe]), Buffer.from(`${plugin}\0`), SCRAMBLE, Buffer.from([0])]);
  /** Says each thing in turn, whatever the answers are. */
  const asks = (first: string, ...more: Buffer[]) => (socket: Socket): void => {
    socket.write(packet(0, greeting(first)));
    let sequence = 2;
    socket.on('data', () => {
      const body = more[(sequence - 2) / 2];
      if (body !== undefined) socket.write(packet(sequence, body));
      sequence += 2;
    });
  };
  const FULL = Buffer.from([1, 4]);
  const KEY = Buffer.concat([Buffer.from([1]), Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))]);

  it.each([
    ['on the socket, in the clear', false, asks('mysql_native_password', switchTo('mysql_clear_password'))],
    ['on the socket, at once', false, asks('sha256_password')],
    ['on the socket, after a proof', false, asks('caching_sha2_password', FULL, switchTo('caching_sha2_password'), FULL)],
    ['with a key that he sends, after a proof', true, asks('mysql_native_password', switchTo('caching_sha2_password'), FULL, KEY)],
    ['with a key that he sends', true, asks('mysql_native_password', switchTo('sha256_password'), KEY)],
  ])('is not handed to whoever asks for it %s', async (_how, isPort, use) => {
    const found = await connectMariadb(database('mariadb'), { root: { fd: 0 }, rootPath: '/', settings: await sits(use, isPort) });
    expect(found.ok).toBe(false);
    expect(heard()).toContain(USER);
    expect(heard()).not.toContain(PASSWORD);
    expect(told.some((bytes) => bytes.length === 4 + 256), 'something is written with his key').toBe(false);
  }, 20_000);
});
