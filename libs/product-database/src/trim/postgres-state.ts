import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { ProductClient } from '../connect.js';
import { REPLICA_BYTES_MAX, REPLICA_SECONDS_MAX, type Replicas } from './record-trimmer.js';

const MEBIBYTE = 1024 * 1024;

/** How far the standbys are behind in what they have replayed. A slot that nobody reads from is none of them: it is told by the server's own monitoring. */
export async function postgresReplicas(client: ProductClient): Promise<Replicas> {
  const { rows } = await client.query<{ bytes: string | null; seconds: string | null }>(
    "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) AS bytes, extract(epoch FROM replay_lag) AS seconds FROM pg_stat_replication WHERE state IS NULL OR state <> 'backup'",
  );
  const worst = (of: (row: { bytes: string | null; seconds: string | null }) => string | null): number => rows.reduce((most, row) => Math.max(most, Number(of(row) ?? 0)), 0);
  const [bytes, seconds] = [worst((row) => row.bytes), worst((row) => row.seconds)];
  const behind = bytes > REPLICA_BYTES_MAX ? `a replica is ${Math.round(bytes / MEBIBYTE)} MiB of the log behind` : seconds > REPLICA_SECONDS_MAX ? `a replica is ${Math.round(seconds)} s behind` : null;
  return { behind, hidden: rows.some((row) => row.bytes === null) };
}

/** How the space comes back, and whose rows left as well. */
export async function postgresNotes(client: ProductClient, table: string, name: string, deletedItems: number): Promise<string[]> {
  if (deletedItems === 0) return [];
  const { rows } = await client.query<{ dead: string | null; autovacuum: boolean; cascades: string }>(
    `SELECT (SELECT sum(n_dead_tup) FROM pg_stat_all_tables WHERE relid IN (SELECT relid FROM pg_partition_tree($1::regclass) UNION SELECT $1::regclass)) AS dead,
      current_setting('autovacuum')::boolean AND NOT EXISTS (SELECT 1 FROM pg_class WHERE oid = $1::regclass AND 'autovacuum_enabled=false' = ANY(reloptions)) AS autovacuum,
      (SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = $1::regclass AND confdeltype = 'c') AS cascades`,
    [table],
  );
  const [state] = rows;
  const vacuum = state?.autovacuum === true ? 'autovacuum will make their space free for new rows' : `autovacuum is off for it: run VACUUM (ANALYZE) ${name}, which locks nobody out`;
  return [
    `${deletedItems} rows left ${name}, which has about ${Math.max(deletedItems, Number(state?.dead ?? 0))} dead ones now; ${vacuum}. Its files shrink only by VACUUM FULL, which locks the table: that is left to you`,
    ...(Number(state?.cascades ?? 0) > 0 ? [`rows of ${state?.cascades ?? ''} other tables leave with those of ${name}, by the product's own rule (ON DELETE CASCADE), and are not counted`] : []),
  ];
}

/** A session that a killed process left behind ends as soon as its server notices, at the latest by its own limits. Units: milliseconds. */
const SETTLED_MS_MAX = 90_000;
const LOOK_MS = 20;

/** Waits until every transaction of ours that is open now, as one that a killed process left in the middle of its commit, has ended. Errors: throws when one does not. */
export async function postgresSettled(client: ProductClient): Promise<void> {
  const untilMs = performance.now() + SETTLED_MS_MAX;
  const { rows: now } = await client.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  for (;;) {
    const { rows } = await client.query('SELECT 1 FROM pg_stat_activity WHERE application_name = current_setting($2) AND usename = current_user AND datname = current_database() AND pid <> pg_backend_pid() AND xact_start < $1::timestamptz', [now[0]?.now, 'application_name']);
    if (rows.length === 0) return;
    if (performance.now() > untilMs) throw new RangeError('an earlier session of ours is still in the middle of a transaction');
    await wait(LOOK_MS);
  }
}
