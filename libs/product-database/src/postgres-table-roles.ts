import type { Relation } from '@mailwarden/catalogue';
import { err, ok, type Result } from '@mailwarden/kernel';
import { connectProduct, type ProductClient } from './connect.js';
import { postgresNames } from './relation-names.js';
import type { DatabaseHost } from './relation-reader.js';
import type { TableAccess, TableRole } from './table-role.js';
import { troubleOf } from './trouble.js';

/** The role that a cluster is made with has this number. Source: PostgreSQL, BOOTSTRAP_SUPERUSERID. */
const BOOTSTRAP_OID = 10;
const ROLES_MAX = 1_000;

/** A role may act as every role that it is a member of, also where it does not inherit from it. */
const mayAs = (privilege: string): string =>
  `EXISTS (SELECT FROM pg_roles AS acting WHERE pg_has_role(login.oid, acting.oid, 'MEMBER') AND (has_table_privilege(acting.oid, relation.oid, '${privilege}') OR has_any_column_privilege(acting.oid, relation.oid, '${privilege}')) AND has_schema_privilege(acting.oid, relation.relnamespace, 'USAGE'))`;
const mayWrite = ['INSERT', 'UPDATE'].map(mayAs).join(' OR ');
const mayRemove = "EXISTS (SELECT FROM pg_roles AS acting WHERE pg_has_role(login.oid, acting.oid, 'MEMBER') AND has_table_privilege(acting.oid, relation.oid, 'DELETE, TRUNCATE') AND has_schema_privilege(acting.oid, relation.relnamespace, 'USAGE'))";

const ROLES = `
  SELECT login.rolname AS name, login.oid::bigint = ${BOOTSTRAP_OID} AS servers, login.rolsuper AS super,
    login.oid = relation.relowner AS owns,
    pg_has_role(login.oid, relation.relowner, 'MEMBER') AS owns_by_role,
    EXISTS (SELECT FROM aclexplode(relation.relacl) AS entry WHERE entry.grantee = 0) AS granted_to_all,
    EXISTS (SELECT FROM aclexplode(relation.relacl) AS entry WHERE entry.grantee = login.oid) AS granted,
    EXISTS (SELECT FROM pg_attribute, aclexplode(attacl) AS entry WHERE attrelid = relation.oid AND entry.grantee = login.oid) AS granted_columns,
    ${mayAs('SELECT')} AS read, (${mayWrite} OR ${mayRemove}) AS write
  FROM pg_roles AS login, pg_class AS relation
  WHERE relation.oid = $1::regclass AND login.rolcanlogin AND has_database_privilege(login.oid, current_database(), 'CONNECT')
  ORDER BY login.oid LIMIT ${ROLES_MAX}`;

interface RoleRow {
  readonly name: string;
  readonly servers: boolean;
  readonly super: boolean;
  readonly owns: boolean;
  readonly owns_by_role: boolean;
  readonly granted: boolean;
  readonly granted_columns: boolean;
  readonly granted_to_all: boolean;
  readonly read: boolean;
  readonly write: boolean;
}

function becauseOf(row: RoleRow): string {
  if (row.super) return 'a super-user of the database';
  if (row.owns) return 'owns the table';
  if (row.granted) return 'by a grant of its own';
  if (row.granted_columns) return 'by a grant on columns of it';
  if (row.owns_by_role) return 'a member of the role that owns the table';
  return row.granted_to_all ? 'by a grant to every role' : 'by another role that it belongs to';
}

/** Rules of the server for its socket and the loopback that let anyone in, for a database and some role. Source: PostgreSQL manual, pg_hba_file_rules. Only super-users see them. */
const OPEN_RULES = `
  SELECT type FROM pg_hba_file_rules
  WHERE error IS NULL AND auth_method = 'trust' AND (database && ARRAY['all', current_database()::text])
    AND (type = 'local' OR address IN ('127.0.0.1', '::1', 'localhost', 'samehost', 'all', '0.0.0.0', '::'))
  ORDER BY line_number LIMIT 1`;

/** Null also where the rules may not be seen: then nothing is claimed. */
async function openToHost(client: ProductClient): Promise<string | null> {
  await client.query('SAVEPOINT rules');
  const { rows } = await client.query<{ type: string }>(OPEN_RULES).catch(async () => {
    await client.query('ROLLBACK TO rules');
    return { rows: [] };
  });
  const [rule] = rows;
  if (rule === undefined) return null;
  return rule.type === 'local' ? 'the server asks nobody on its socket who it is (trust)' : 'the server asks nobody on this host who it is (trust)';
}

/** Roles of a PostgreSQL that may log in and get at a table. Errors: why that cannot be told. */
export async function tableRolesOfPostgres(relation: Relation, { settings, rootPath }: DatabaseHost): Promise<Result<TableAccess, string>> {
  const client = await connectProduct(relation.database, settings, rootPath);
  if (!client.ok) return client;
  try {
    await client.value.query('BEGIN READ ONLY');
    const { rows } = await client.value.query<RoleRow>(ROLES, [postgresNames(relation).table]);
    const roles = rows.filter(({ read, write }) => read || write).map((row): TableRole => ({ name: row.name, read: row.read, write: row.write, because: becauseOf(row), isServers: row.servers }));
    return ok({ roles, openToHost: await openToHost(client.value) });
  } catch (cause) {
    return err(troubleOf(cause));
  } finally {
    await client.value.end();
  }
}
