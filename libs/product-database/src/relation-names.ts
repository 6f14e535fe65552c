import type { Relation } from '@mailwarden/catalogue';

const NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/** Errors: throws on a name that is no plain identifier; profiles with such names do not parse. */
function quoted(name: string): string {
  if (!NAME.test(name)) throw new TypeError('a relation or column of a profile is no plain identifier');
  return `"${name}"`;
}

/** Names of a relation, quoted for SQL. */
export const relationNames = (relation: Relation): { table: string; key: string; time: string; file: string | null } => ({
  table: relation.relation.split('.').map(quoted).join('.'),
  key: quoted(relation.keyColumn),
  time: quoted(relation.timeColumn),
  file: relation.fileColumn === null ? null : quoted(relation.fileColumn),
});
