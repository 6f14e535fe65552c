import { readFile } from 'node:fs/promises';
import { Client, type ClientConfig } from 'pg';
import { DataSource, type DataSourceOptions, type MigrationInterface } from 'typeorm';
import { bookkeepingMigration, traceMigration } from './bookkeeping.migration.js';

/** No statement of a service runs longer. Units: milliseconds. */
const STATEMENT_MS_MAX = 30_000;
const CONNECT_MS_MAX = 5_000;
const POOL_CONNECTIONS_MAX = 10;
const SCHEMA_PATTERN = /^[a-z][a-z0-9_]{0,62}$/;

export interface DatabaseOptions {
  /** `postgres://user@host:port/database`, without a password. */
  readonly url: string;
  /** File with the password alone; read at each connection, so that it can be changed while the service runs. */
  readonly passwordFile: string;
  /** The schema that the service owns; it is made when it is missing. */
  readonly schema: string;
  readonly entities: readonly (new () => unknown)[];
  readonly migrations: readonly (new () => MigrationInterface)[];
}

/**
 * A connection of the pool. The server may end it in the very packet that completes it, when the pool listens no more and its user does not yet: an error that nobody hears would end the whole service.
 * Whoever uses the connection hears of it by the next statement.
 */
class PooledClient extends Client {
  constructor(config?: ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}

/** Describes a service's database; nothing is opened yet. Errors: throws on a schema name that is no plain identifier. */
export function createDataSource(options: DatabaseOptions): DataSource {
  if (!SCHEMA_PATTERN.test(options.schema)) throw new TypeError('a schema name is 1 to 63 characters of a-z, 0-9 and "_"');
  const { hostname, port, username, pathname } = new URL(options.url);
  const settings: DataSourceOptions = {
    type: 'postgres',
    host: hostname,
    port: Number(port === '' ? 5432 : port),
    username: decodeURIComponent(username),
    password: async () => (await readFile(options.passwordFile, 'utf8')).trim(),
    database: decodeURIComponent(pathname.slice(1)),
    schema: options.schema,
    applicationName: `mailwarden-${options.schema}`,
    connectTimeoutMS: CONNECT_MS_MAX,
    poolSize: POOL_CONNECTIONS_MAX,
    extra: { Client: PooledClient, statement_timeout: STATEMENT_MS_MAX, idle_in_transaction_session_timeout: STATEMENT_MS_MAX },
    entities: [...options.entities],
    migrations: [bookkeepingMigration(options.schema), traceMigration(options.schema), ...options.migrations],
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
  };
  return new DataSource(settings);
}

/** Opens a service's database, makes its schema and brings it to the newest form. Instances that start together wait for each other. */
export async function openDataSource(options: DatabaseOptions): Promise<DataSource> {
  const dataSource = await createDataSource(options).initialize();
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query(`SELECT pg_advisory_lock(hashtext($1))`, [`mailwarden migrate ${options.schema}`]);
    await runner.query(`CREATE SCHEMA IF NOT EXISTS ${options.schema}`);
    await dataSource.runMigrations();
    await runner.query(`SELECT pg_advisory_unlock(hashtext($1))`, [`mailwarden migrate ${options.schema}`]);
    return dataSource;
  } catch (cause) {
    await dataSource.destroy();
    throw cause;
  } finally {
    if (!runner.isReleased) await runner.release().catch(() => undefined);
  }
}

/** Name of the schema that a data source works in. */
export function schemaOf(dataSource: DataSource): string {
  const { schema } = dataSource.options as { schema?: string };
  if (schema === undefined) throw new TypeError('the data source names no schema');
  return schema;
}
