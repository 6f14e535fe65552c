import type { Relation } from '@mailwarden/catalogue';
import type { MariadbSession } from '../mariadb/connect-mariadb.js';
import { relationNames } from '../relation-names.js';
import { mariadbTableEngine } from './mariadb-state.js';

/** Errors: throws RangeError, in words, where what has the table's name is none that can be trimmed with an exact account; else what the server says. */
export async function assertTrimmable(session: MariadbSession, relation: Relation): Promise<void> {
  const engine = await mariadbTableEngine(session, relation);
  if (engine === null) throw new RangeError('it is no table, but a view');
  if (engine !== 'InnoDB') throw new RangeError(`it is kept by ${engine}, which knows no transactions: what was deleted could not be told exactly after a crash`);
}

/**
 * Looks again at what has the table's name, and keeps it there for the transaction that stands: a view in its place would run functions of its owner as our account.
 * Errors: as `assertTrimmable`.
 */
export async function holdMariadbTable(session: MariadbSession, relation: Relation): Promise<void> {
  const { table, key } = relationNames(relation, '`');
  await assertTrimmable(session, relation);
  await session.run(`SELECT ${key} FROM ${table} LIMIT 0`); // Reads nothing, and holds the name to the end of the transaction.
  await assertTrimmable(session, relation);
}

/** Reads in a transaction that writes nothing. Errors: as `holdMariadbTable`, and what `work` throws. */
export const readingMariadbTable = <T>(session: MariadbSession, relation: Relation, work: () => Promise<T>): Promise<T> =>
  session.reading(async () => {
    await holdMariadbTable(session, relation);
    return work();
  });
