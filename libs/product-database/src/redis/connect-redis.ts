import type { RedisDatabase } from '@mailwarden/catalogue';
import { err, ok, type Result } from '@mailwarden/kernel';
import { within } from '../attempt.js';
import { withGuardedSockets } from '../guarded-socket.js';
import type { DatabaseHost } from '../relation-reader.js';
import { toldPlace } from '../server-place.js';
import { withSocket } from '../socket-place.js';
import { redisTrouble } from './redis-trouble.js';

const CONNECT_MS_MAX = 3_000;
const ANSWER_MS_MAX = 5_000;
/** Numbers, names of lists and two entries of each. Many small answers take up ten times as much as is told. Units: bytes. */
const TOLD_BYTES_MAX = 32 * 1024 * 1024;
const LOOPBACK = '127.0.0.1';

type Socket = { readonly path: string } | { readonly host: string; readonly port: number };

/** Commands that only read. */
export type RedisReading = 'SCAN' | 'LLEN' | 'LINDEX' | 'MEMORY';
/** Commands for deleting the oldest entries. */
export type RedisTrimming = RedisReading | 'LRANGE' | 'INFO' | 'EVAL' | 'GET' | 'DEL';

/** A connection whose answers are bytes. It only reads, unless it is used for trimming. */
export interface RedisSession<Command extends string = RedisReading> {
  /** Sends one command. Errors: throws what the server says, or that there was no answer in time. */
  ask(command: Command, ...words: readonly (string | Buffer)[]): Promise<unknown>;
  close(): void;
}

async function connected(socket: Socket, { index }: RedisDatabase, account: { username?: string; password?: string }, toldBytesMax: number): Promise<Result<RedisSession<RedisTrimming>, string>> {
  // Loaded by who needs it: it is as large as the rest of an agent.
  const { createClient, RESP_TYPES } = await import('@redis/client');
  const client = createClient({
    socket: { ...socket, connectTimeout: CONNECT_MS_MAX, reconnectStrategy: false },
    ...account,
    database: index,
    RESP: 2,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    disableOfflineQueue: true,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
  client.on('error', () => undefined); // Whoever waits for an answer hears of it.
  const giveUp = (): void => {
    if (client.isOpen) client.destroy();
  };
  try {
    await within(CONNECT_MS_MAX, withGuardedSockets(() => client.connect(), toldBytesMax), giveUp);
    return ok({
      ask: (command, ...words) => within(ANSWER_MS_MAX, client.sendCommand([command, ...words]), giveUp),
      close: giveUp,
    });
  } catch (cause) {
    giveUp();
    return err(redisTrouble(cause));
  }
}

/** Connects to Redis: by the host's settings where they name it, else by the socket or the port of the profile. Errors: why it cannot be reached. */
export async function connectRedis(database: RedisDatabase, host: DatabaseHost, toldBytesMax = TOLD_BYTES_MAX): Promise<Result<RedisSession<RedisTrimming>, string>> {
  const told = toldPlace(database, host.settings);
  if (!told.ok) return told;
  if (told.value !== null) {
    const { host: place, port, user, password } = told.value;
    const account = password === null ? {} : { password, ...(user === '' ? {} : { username: user }) };
    return connected(place.startsWith('/') ? { path: place } : { host: place, port }, database, account, toldBytesMax);
  }
  if (database.socket !== null) return withSocket(host, database.socket, (path) => connected({ path }, database, {}, toldBytesMax));
  if (database.port === null) return err('the profile names neither a socket nor a port');
  if (host.rootPath !== '/') return err('its port belongs to another host than the folder that is scanned');
  return connected({ host: LOOPBACK, port: database.port }, database, {}, toldBytesMax);
}
