import { join } from 'node:path';
import type { Database, HostSettings, ServerDatabase } from '@mailwarden/catalogue';
import { err, ok, type Result } from '@mailwarden/kernel';
import { Client } from 'pg';
import { guardedSocket } from './guarded-socket.js';
import { toldPlace } from './server-place.js';
import { troubleOf } from './trouble.js';

const CONNECT_MS_MAX = 3_000;
/** A mail server's own work comes first: nothing of ours holds its database longer. Units: milliseconds. */
export const STATEMENT_MS_MAX = 20_000;
export const LOCK_MS_MAX = 2_000;
/** A transaction of ours that stands still is ended by the server, so that a process that hangs holds no rows. Units: milliseconds. */
const IDLE_MS_MAX = 60_000;
/** A server that stands still ends no statement by itself: then we stop waiting. Units: milliseconds. */
const ANSWER_MS_MAX = STATEMENT_MS_MAX + 5_000;
/** A server that stands still does not say goodbye either. Units: milliseconds. */
const GOODBYE_MS_MAX = 2_000;
const PORT = 5432;
/**
 * Names without a schema mean the server's own functions and operators, whatever anybody made beside them under the same name: those would run with the rights of our account.
 * An option of the start outranks what is set for the database and for the role.
 */
const OWN_NAMES_ONLY = '-c search_path=pg_catalog,pg_temp';

class AsksPassword extends Error {
  readonly code = 'ASKS_PASSWORD';
}

/** A connection whose end never waits for a server that is gone, and that proves its password and hands it to nobody: whoever sits where the server should be may ask for it. */
export class ProductClient extends Client {
  /** The driver calls these two by their names, when it is asked. */
  protected _handleAuthCleartextPassword(): void {
    this.#refuse();
  }

  protected _handleAuthMD5Password(): void {
    this.#refuse();
  }

  #refuse(): void {
    const { connection } = this as unknown as { connection: { emit(event: 'error', problem: Error): void } };
    connection.emit('error', new AsksPassword('the server asks for the password itself'));
  }

  override end(): Promise<void>;
  override end(callback: (problem: Error) => void): void;
  override end(callback?: (problem: Error) => void): Promise<void> | void {
    if (callback !== undefined) return super.end(callback);
    const socket = (this as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream;
    const timer = setTimeout(() => socket?.destroy(), GOODBYE_MS_MAX);
    return super.end().finally(() => clearTimeout(timer));
  }
}

function placeOf(database: ServerDatabase, hostSettings: HostSettings, root: string): Result<{ host: string; port: number; database: string; user: string; password?: string }, string> {
  const told = toldPlace(database, hostSettings);
  if (!told.ok) return told;
  if (told.value === null) return ok({ host: join(root, database.socket), port: PORT, database: database.name, user: database.user });
  const { host, port, name, user, password } = told.value;
  return ok({ host, port, database: name, user: user === '' ? database.user : user, password: password ?? '' });
}

/**
 * Connects to a product's own PostgreSQL: by the host's settings where they name it, else by the socket of the profile.
 * Errors: why it cannot be reached, without the driver's details.
 */
export async function connectProduct(database: Database, hostSettings: HostSettings, root: string): Promise<Result<ProductClient, string>> {
  if (database.engine !== 'postgresql') return err(`database ${database.name} is of ${database.engine}, not of PostgreSQL`);
  const place = placeOf(database, hostSettings, root);
  if (!place.ok) return err(`database ${database.name} cannot be reached: ${place.error}`);
  const client = new ProductClient({
    ...place.value,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    statement_timeout: STATEMENT_MS_MAX,
    lock_timeout: LOCK_MS_MAX,
    idle_in_transaction_session_timeout: IDLE_MS_MAX,
    query_timeout: ANSWER_MS_MAX,
    application_name: 'mailwarden',
    options: OWN_NAMES_ONLY,
    stream: () => guardedSocket(),
  });
  client.on('error', () => undefined); // Whoever waits for a query hears of it.
  try {
    await client.connect();
    return ok(client);
  } catch (cause) {
    await client.end().catch(() => undefined);
    return err(`database ${database.name} cannot be reached: ${troubleOf(cause)}`);
  }
}
