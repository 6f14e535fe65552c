import { readFile } from 'node:fs/promises';
import type { Client } from 'pg';

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** One role of a database, with the file that holds its password. */
export interface ServiceRole {
  readonly name: string;
  readonly passwordFile: string;
}

function identifier(name: string): string {
  if (!NAME.test(name)) throw new TypeError('a database or role name is 1 to 63 characters of a-z, 0-9 and "_"');
  return `"${name}"`;
}

/** Makes a database and the roles of its services, each of which may make its own schema in it and read no other's. Safe to run at every start. */
export async function ensureDatabase(superuser: Client, database: string, roles: readonly ServiceRole[]): Promise<void> {
  const { rowCount } = await superuser.query(`SELECT 1 FROM pg_database WHERE datname = $1`, [database]);
  if (rowCount === 0) await superuser.query(`CREATE DATABASE ${identifier(database)}`);
  await superuser.query(`REVOKE ALL ON DATABASE ${identifier(database)} FROM PUBLIC`);
  for (const { name, passwordFile } of roles) {
    const known = await superuser.query(`SELECT 1 FROM pg_roles WHERE rolname = $1`, [name]);
    const password = superuser.escapeLiteral((await readFile(passwordFile, 'utf8')).trim());
    await superuser.query(`${known.rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${identifier(name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${password}`);
    await superuser.query(`GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${identifier(database)} TO ${identifier(name)}`);
  }
}
