import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { RecordLists, Store } from '@mailwarden/catalogue';
import { afterEach, expect, it } from 'vitest';
import { withHost } from './host.js';
import { rowsFound } from './rows-found.js';
import type { WalkedStore } from './store-walk.js';

const LISTS: RecordLists = { database: { engine: 'redis', name: 'history', socket: null, port: null, index: 0 }, keys: 'x*', encoding: 'opaque', timeField: null };
const ITEM = { store: { rows: null, lists: LISTS } as Pick<Store, 'rows' | 'lists'> } as WalkedStore;

let server: Server;
afterEach(() => new Promise<void>((resolve) => void server.close(() => resolve())));

/** Who took the place of a Redis, and tells these numbers of its one list. */
async function liar(length: string, bytes: string): Promise<number> {
  server = createServer((socket) => {
    socket.on('data', (asked) => {
      const command = asked.toString();
      if (command.includes('SCAN')) socket.write('*2\r\n$1\r\n0\r\n*1\r\n$1\r\nx\r\n');
      else socket.write(command.includes('LLEN') ? length : command.includes('MEMORY') ? bytes : '+OK\r\n');
    });
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const found = async (port: number) => (await withHost('/', { databases: { history: { host: '127.0.0.1', port, name: 'history', user: '', passwordFile: null } } }, (host) => rowsFound(host, ITEM)))?.relation;

it.each([
  [':-5\r\n', ':10\r\n'],
  ['+many\r\n', ':10\r\n'],
  [':9223372036854775807\r\n', ':10\r\n'],
])('a number of records that is none makes the table unknown, and not the whole observation worthless: %j', async (length, bytes) => {
  expect(await found(await liar(length, bytes))).toEqual({ known: false, reason: 'it tells a number of records that is none' });
});

it('a size that is none is unknown alone', async () => {
  expect(await found(await liar(':5\r\n', ':-1\r\n'))).toMatchObject({ known: true, value: { records: 5, bytes: { known: false } } });
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  expect(await found(await liar(':5\r\n', ':100\r\n'))).toMatchObject({ known: true, value: { records: 5, bytes: { known: true, value: 100 } } });
});
