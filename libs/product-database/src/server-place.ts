import type { HostSettings, RedisDatabase, ServerDatabase } from '@mailwarden/catalogue';
import { ok, type Result } from '@mailwarden/kernel';
import { readPassword } from './password-file.js';

/** Where a host's settings say that a database server really is. */
export interface ToldPlace {
  /** A name or address, or a path of a socket. */
  readonly host: string;
  readonly port: number;
  readonly name: string;
  /** Empty where the profile's account is meant. */
  readonly user: string;
  readonly password: string | null;
}

/** Ports that engines have by themselves. */
const OWN_PORTS = { postgresql: 5_432, mariadb: 3_306, redis: 6_379 } as const;

/** The place of the host's settings with its password; null where they do not name the database. Errors: why its password cannot be read. */
export function toldPlace({ name, engine }: ServerDatabase | RedisDatabase, { databases }: HostSettings): Result<ToldPlace | null, string> {
  const place = Object.hasOwn(databases, name) ? databases[name] : undefined;
  if (place === undefined) return ok(null);
  const { passwordFile, passwordBelow = null, ...told } = place;
  const rest = { ...told, port: told.port === 0 ? OWN_PORTS[engine] : told.port };
  if (passwordFile === null) return ok({ ...rest, password: null });
  const password = readPassword(passwordFile, passwordBelow);
  return password.ok ? ok({ ...rest, password: password.value }) : password;
}
