import type { Relation } from '@mailwarden/catalogue';
import { latestNumber, UNITS_PER_SECOND } from './unix-time.js';

const NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/** A name that no profile can have: a defect of ours, never a database's answer. */
export class NotPlainName extends TypeError {
  constructor() {
    super('a relation or column of a profile is no plain identifier');
    this.name = 'NotPlainName';
  }
}

/** Errors: throws on a name that is no plain identifier; profiles with such names do not parse. */
function quoted(name: string, quote: string): string {
  if (!NAME.test(name)) throw new NotPlainName();
  return `${quote}${name}${quote}`;
}

/** Names of a relation, quoted for SQL by the quote of its engine. */
export const relationNames = (relation: Relation, quote: '"' | '`' = '"'): { table: string; key: string; time: string; file: string | null } => ({
  table: relation.relation.split('.').map((part) => quoted(part, quote)).join('.'),
  key: quoted(relation.keyColumn, quote),
  time: quoted(relation.timeColumn, quote),
  file: relation.fileColumn === null ? null : quoted(relation.fileColumn, quote),
});

/** Where PostgreSQL keeps what nobody named a schema for. */
const DEFAULT_SCHEMA = 'public';

/** Names of a relation of PostgreSQL. The table always has its schema: no search path decides which table is meant. */
export function postgresNames(relation: Relation): ReturnType<typeof relationNames> {
  const name = relation.relation;
  return relationNames({ ...relation, relation: name.includes('.') ? name : `${DEFAULT_SCHEMA}.${name}` });
}

/** A row's moment for PostgreSQL, from whatever the time column holds; null where that is none. */
export function postgresMoment(relation: Relation): string {
  const { time } = relationNames(relation);
  if (relation.timeUnit === 'timestamp') return time;
  const real = `CASE WHEN ${time} > 0 AND ${time} <= ${latestNumber(relation.timeUnit)} THEN ${time} END`;
  return `to_timestamp((${real}) / ${UNITS_PER_SECOND[relation.timeUnit]}.0)`;
}
