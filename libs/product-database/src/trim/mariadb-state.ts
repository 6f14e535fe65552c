import type { Relation } from '@mailwarden/catalogue';
import type { MariadbSession } from '../mariadb/connect-mariadb.js';
import type { Replicas } from './record-trimmer.js';

/** Sets that wait to be sent to the other nodes of a cluster. Galera slows the whole cluster down long before there are a thousand. */
const QUEUED_SETS_MAX = 100;

function placeOf(relation: Relation): { schema: string; table: string } {
  const names = relation.relation.split('.');
  return { schema: names.length > 1 ? `'${names[0] ?? ''}'` : 'DATABASE()', table: names.at(-1) ?? '' };
}

/** What keeps the table, as `InnoDB`; null for a view. Errors: throws when there is no such table. */
export async function mariadbTableEngine(session: MariadbSession, relation: Relation): Promise<string | null> {
  const { schema, table } = placeOf(relation);
  const { rows } = await session.ask(`SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${schema} AND TABLE_NAME = ?`, [table]);
  if (rows[0] === undefined) throw new RangeError('there is no such table');
  const [engine] = rows[0];
  return engine === null || engine === undefined ? null : String(engine);
}

/** A primary is not told how far its replicas are behind; every account may ask how many there are, and what a cluster has waiting. */
export async function mariadbReplicas(session: MariadbSession): Promise<Replicas> {
  const { rows } = await session.run("SHOW GLOBAL STATUS WHERE Variable_name IN ('Slaves_connected', 'wsrep_local_send_queue', 'wsrep_local_recv_queue')");
  const values = new Map(rows.map(([name, value]) => [String(name).toLowerCase(), Number(value)]));
  const queued = Math.max(values.get('wsrep_local_send_queue') ?? 0, values.get('wsrep_local_recv_queue') ?? 0);
  return { behind: queued > QUEUED_SETS_MAX ? `${queued} sets of changes wait for the other nodes of the cluster` : null, hidden: (values.get('slaves_connected') ?? 0) > 0 };
}

/** How the space comes back, and whose rows left as well. */
export async function mariadbNotes(session: MariadbSession, relation: Relation, deletedItems: number): Promise<string[]> {
  if (deletedItems === 0) return [];
  const { schema, table } = placeOf(relation);
  const { rows } = await session.ask(`SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE UNIQUE_CONSTRAINT_SCHEMA = ${schema} AND REFERENCED_TABLE_NAME = ? AND DELETE_RULE = 'CASCADE'`, [table]);
  const cascades = Number(rows[0]?.[0] ?? 0);
  return [
    `${deletedItems} rows left ${relation.relation}; the space of the file is free for new rows. It shrinks only by OPTIMIZE TABLE ${relation.relation}, which writes the table anew: that is left to you`,
    ...(cascades > 0 ? [`rows of ${cascades} other tables leave with those of ${relation.relation}, by the product's own rule (ON DELETE CASCADE), and are not counted`] : []),
  ];
}
