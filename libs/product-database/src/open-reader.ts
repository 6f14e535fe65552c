import type { Database } from '@mailwarden/catalogue';
import { err, type Result } from '@mailwarden/kernel';
import { openMariadb } from './mariadb/mariadb-reader.js';
import { openPostgres } from './postgres-reader.js';
import type { DatabaseHost, RelationReader } from './relation-reader.js';
import { openSqlite } from './sqlite/sqlite-reader.js';

/** Opens a product's database for reading. Errors: why it cannot be reached, without the driver's details. */
export async function openReader(database: Database, host: DatabaseHost): Promise<Result<RelationReader, string>> {
  switch (database.engine) {
    case 'postgresql':
      return openPostgres(database, host);
    case 'mariadb':
      return openMariadb(database, host);
    case 'sqlite':
      return openSqlite(database, host);
    case 'redis':
      return err(`database ${database.name} cannot be asked: Redis answers no SELECT`);
  }
}
