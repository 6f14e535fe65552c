import { Client } from 'pg';
import type { DatabaseServer } from '../settings.js';

const CONNECT_MS_MAX = 10_000;
const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** Makes the product databases of the servers: each with a role of its own that reaches nothing else. */
export class DatabaseAdmin {
  private constructor(private readonly client: Client) {}

  static async connect({ host, port, user, database, password }: DatabaseServer): Promise<DatabaseAdmin> {
    const client = new Client({ host, port, user, database, password, connectionTimeoutMillis: CONNECT_MS_MAX, application_name: 'demo-fleet' });
    client.on('error', () => undefined); // Whoever waits for a query hears of it.
    await client.connect();
    return new DatabaseAdmin(client);
  }

  async has(name: string): Promise<boolean> {
    const { rowCount } = await this.client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    return rowCount === 1;
  }

  /** Makes a database anew, empty. What was left of an earlier one goes. */
  async makeAnew(name: string, password: string): Promise<void> {
    if (!NAME.test(name)) throw new TypeError('a database of the demo is named in a-z, 0-9 and "_"');
    await this.client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await this.client.query(`DROP ROLE IF EXISTS ${name}`);
    await this.client.query(`CREATE ROLE ${name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${this.client.escapeLiteral(password)}`);
    // A letter that a crash of the database loses is found and mended; waiting for the disk with each one would make the generator the load.
    await this.client.query(`ALTER ROLE ${name} SET synchronous_commit = off`);
    await this.client.query(`CREATE DATABASE ${name} OWNER ${name}`);
    await this.client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  }

  close(): Promise<void> {
    return this.client.end();
  }
}
