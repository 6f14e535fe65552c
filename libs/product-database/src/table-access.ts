import type { Relation } from '@mailwarden/catalogue';
import { err, type Result } from '@mailwarden/kernel';
import { tableRolesOfMariadb } from './mariadb/table-roles.js';
import { tableRolesOfPostgres } from './postgres-table-roles.js';
import type { DatabaseHost } from './relation-reader.js';
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
