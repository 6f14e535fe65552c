import type { HostSettings, RedisDatabase } from '@mailwarden/catalogue';
import { err, ok, type Result } from '@mailwarden/kernel';
import type { DatabaseHost } from '../relation-reader.js';
import type { TableAccess } from '../table-role.js';
import { connectRedis } from './connect-redis.js';
import { redisTrouble } from './redis-trouble.js';

/** First words of a server that asks who it is, or that lets strangers do nothing. Source: Redis documentation, security and ACL. */
const ASKS = /^-?(?:NOAUTH|NOPERM|DENIED) /;
const CLOSED: TableAccess = { roles: [], openToHost: null };
const OPEN: TableAccess = { roles: [], openToHost: 'Redis asks for no password on its port' };

/** The same place as everybody on the host would reach it: without our account and its password. */
function asStranger({ settings, ...host }: DatabaseHost, name: string): DatabaseHost {
  const place = Object.hasOwn(settings.databases, name) ? settings.databases[name] : undefined;
  const databases: HostSettings['databases'] = place === undefined ? settings.databases : { ...settings.databases, [name]: { ...place, user: '', passwordFile: null } };
  return { ...host, settings: { ...settings, databases } };
}

function isBySocket({ name, socket }: RedisDatabase, { settings }: DatabaseHost): boolean {
  return Object.hasOwn(settings.databases, name) ? settings.databases[name]?.host.startsWith('/') === true : socket !== null;
}

/** Whether a Redis lets everyone on its host at its lists, tried as everyone would: without a password, by its port. Errors: why that cannot be told. */
export async function listAccess(database: RedisDatabase, host: DatabaseHost): Promise<Result<TableAccess, string>> {
  if (isBySocket(database, host)) return err('it is reached by a socket, whose rights decide');
  const session = await connectRedis(database, asStranger(host, database.name));
  if (!session.ok) return session;
  try {
    await session.value.ask('SCAN', '0', 'COUNT', '1'); // A server that wants a password takes the connection and refuses the first command.
    return ok(OPEN);
  } catch (cause) {
    return ASKS.test((cause as Error).message) ? ok(CLOSED) : err(redisTrouble(cause));
  } finally {
    session.value.close();
  }
}
