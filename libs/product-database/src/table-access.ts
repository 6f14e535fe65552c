import type { Database, Relation } from '@mailwarden/catalogue';
import { err, type Result } from '@mailwarden/kernel';
import { tableRolesOfMariadb } from './mariadb/table-roles.js';
import { tableRolesOfPostgres } from './postgres-table-roles.js';
import { connectRedis } from './redis/connect-redis.js';
import type { DatabaseHost } from './relation-reader.js';
import { toldPlace } from './server-place.js';
import type { TableAccess } from './table-role.js';

/**
 * Which roles may read or write a table, by the server's own rules, in one read-only question.
 * Errors: why that cannot be told. SQLite has no roles: the rights of its file are the answer.
 */
export async function tableAccess(relation: Relation, host: DatabaseHost): Promise<Result<TableAccess, string>> {
  switch (relation.database.engine) {
    case 'postgresql':
      return tableRolesOfPostgres(relation, host);
    case 'mariadb':
      return tableRolesOfMariadb(relation, host);
    case 'sqlite':
      return err('SQLite has no roles: the rights of its file decide');
  }
}

/** Whether Redis lets everyone on this host in: it was reached without a password, on a port. Errors: why that cannot be told. */
export async function listAccess(database: Extract<Database, { engine: 'redis' }>, host: DatabaseHost): Promise<Result<TableAccess, string>> {
  const told = toldPlace(database, host.settings);
  if (!told.ok) return told;
  const session = await connectRedis(database, host);
  if (!session.ok) return session;
  session.value.close();
  const bySocket = told.value === null ? database.socket !== null : told.value.host.startsWith('/');
  if (bySocket) return err('the rights of its socket decide');
  return { ok: true, value: { roles: [], openToHost: told.value?.password == null ? 'Redis asks for no password on its port' : null } };
}
