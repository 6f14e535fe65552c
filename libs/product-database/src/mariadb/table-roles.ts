import type { Relation, ServerDatabase } from '@mailwarden/catalogue';
import { ok, type Result } from '@mailwarden/kernel';
import { attempt } from '../attempt.js';
import type { DatabaseHost } from '../relation-reader.js';
import type { TableAccess, TableRole } from '../table-role.js';
import { connectMariadb, type MariadbSession } from './connect-mariadb.js';
import { mariadbTrouble } from './mariadb-trouble.js';

const WRITING: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'DROP']);
/** Accounts that the server's package makes and runs it with. */
const SERVERS: ReadonlySet<string> = new Set(['root', 'mysql', 'mariadb.sys']);
const ROLES_MAX = 1_000;
/** Roles granted to somebody that are followed. The server may be one that answers without end. */
const GRANTED_MAX = 2_000;

interface Grantee {
  readonly privileges: Set<string>;
  /** Of the widest grant. */
  because: string;
}

const text = (value: string | number | Buffer | null | undefined): string => (Buffer.isBuffer(value) ? value.toString('utf8') : String(value ?? ''));

/** Everything that is granted on the server, on the database or on the table, by grantee as `'name'@'host'`; roles have no host. */
async function grants(session: MariadbSession, schema: string, table: string): Promise<Map<string, Grantee>> {
  const { rows } = await session.ask(
    `SELECT GRANTEE, PRIVILEGE_TYPE, 'by a grant on all databases' FROM information_schema.USER_PRIVILEGES
     UNION ALL SELECT GRANTEE, PRIVILEGE_TYPE, 'by a grant on the database' FROM information_schema.SCHEMA_PRIVILEGES WHERE ? LIKE TABLE_SCHEMA
     UNION ALL SELECT GRANTEE, PRIVILEGE_TYPE, 'by a grant on the table' FROM information_schema.TABLE_PRIVILEGES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?
     UNION ALL SELECT GRANTEE, PRIVILEGE_TYPE, 'by a grant on columns of the table' FROM information_schema.COLUMN_PRIVILEGES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?`,
    [schema, schema, table, schema, table],
  );
  const found = new Map<string, Grantee>();
  for (const [grantee, privilege, because] of rows) {
    if (text(privilege) !== 'SELECT' && !WRITING.has(text(privilege))) continue;
    const known = found.get(text(grantee)) ?? { privileges: new Set<string>(), because: text(because) };
    known.privileges.add(text(privilege));
    found.set(text(grantee), known);
  }
  return found;
}

/** Roles that an account has, and those that these have. Errors: throws where the server's own tables may not be read. */
async function rolesBy(session: MariadbSession): Promise<(grantee: string) => string[]> {
  const { rows } = await session.ask('SELECT User, Host, Role FROM mysql.roles_mapping');
  const granted = new Map<string, string[]>();
  for (const [user, host, role] of rows.slice(0, GRANTED_MAX)) {
    const grantee = `'${text(user)}'@'${text(host)}'`;
    granted.set(grantee, [...(granted.get(grantee) ?? []), `'${text(role)}'@''`]);
  }
  return (grantee) => {
    const found = new Set<string>();
    const waiting = [grantee];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      for (const role of granted.get(at) ?? []) if (!found.has(role)) waiting.push((found.add(role), role));
    }
    return [...found];
  };
}

async function tableRoles(session: MariadbSession, relation: Relation): Promise<TableRole[]> {
  const names = relation.relation.split('.');
  const users = await session.ask(`SELECT User, Host FROM mysql.user WHERE is_role = 'N' LIMIT ${ROLES_MAX}`);
  const byGrantee = await grants(session, names.length > 1 ? (names[0] ?? '') : relation.database.name, names.at(-1) ?? '');
  const rolesOf = await rolesBy(session);
  const found = new Map<string, TableRole>();
  for (const [user, host] of users.rows.slice(0, ROLES_MAX)) {
    const grantee = `'${text(user)}'@'${text(host)}'`;
    const own = byGrantee.get(grantee);
    const held = [own, ...rolesOf(grantee).map((role) => byGrantee.get(role))].filter((item) => item !== undefined);
    const read = held.some(({ privileges }) => privileges.has('SELECT'));
    const write = held.some(({ privileges }) => [...privileges].some((privilege) => WRITING.has(privilege)));
    if (!read && !write) continue;
    const before = found.get(text(user)); // The same name from another place is told once.
    found.set(text(user), { name: text(user), read: read || before?.read === true, write: write || before?.write === true, because: before?.because ?? own?.because ?? 'by a role that it has', isServers: SERVERS.has(text(user)) });
  }
  return [...found.values()];
}

/** Accounts of a MariaDB that get at a table. Errors: why that cannot be told, as that the server's own tables may not be read. */
export async function tableRolesOfMariadb(relation: Relation, host: DatabaseHost): Promise<Result<TableAccess, string>> {
  const session = await connectMariadb(relation.database as ServerDatabase, host);
  if (!session.ok) return session;
  try {
    const roles = await attempt(() => session.value.reading(() => tableRoles(session.value, relation)), mariadbTrouble);
    return roles.ok ? ok({ roles: roles.value, openToHost: null }) : roles;
  } finally {
    await session.value.close();
  }
}
