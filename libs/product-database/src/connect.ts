import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database, HostSettings } from '@mailwarden/catalogue';
import { err, ok, type Result } from '@mailwarden/kernel';
import { Client } from 'pg';

const CONNECT_MS_MAX = 3_000;
/** A mail server's own work comes first: nothing of ours holds its database longer. Units: milliseconds. */
const STATEMENT_MS_MAX = 20_000;
const LOCK_MS_MAX = 2_000;
const PORT = 5432;

export type ProductClient = Client;

/**
 * Connects to a product's own database: by the host's settings where they name it, else by the socket of the profile.
 * Errors: why it cannot be reached, without the driver's details.
 */
export async function connectProduct(database: Database, hostSettings: HostSettings, root: string): Promise<Result<ProductClient, string>> {
  const place = hostSettings.databases[database.name];
  const options = place === undefined ? { host: join(root, database.socket), port: PORT, database: database.name, user: database.user } : { host: place.host, port: place.port, database: place.name, user: place.user, password: await passwordOf(place.passwordFile) };
  const client = new Client({ ...options, connectionTimeoutMillis: CONNECT_MS_MAX, statement_timeout: STATEMENT_MS_MAX, lock_timeout: LOCK_MS_MAX, application_name: 'mailwarden' });
  client.on('error', () => undefined); // Whoever waits for a query hears of it.
  try {
    await client.connect();
    return ok(client);
  } catch (cause) {
    await client.end().catch(() => undefined);
    const { code } = cause as { code?: string };
    return err(`database ${database.name} cannot be reached (${code ?? 'no answer'})`);
  }
}

async function passwordOf(file: string | null): Promise<string> {
  return file === null ? '' : (await readFile(file, 'utf8')).trim();
}
