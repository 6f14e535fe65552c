import type { BundleRule, Watermark } from '@mailwarden/contracts';
import type { RecordedState } from '@mailwarden/rotation';
import type { DataSource, QueryRunner } from 'typeorm';
import type { ScopeGroup } from './plan-scope.js';
import { stateFrom, type StateRow } from './store-states.js';

/** So many rows are held at once. */
const PAGE_ROWS = 20_000;

/** What a limit counts, as the table keeps it; null where it was not measured. In step with `passedKinds`, which has the last word. */
const VALUES: Readonly<Record<Watermark['kind'], (nowMs: string) => string>> = {
  bytes: () => 'bytes',
  records: () => 'coalesce(records, items)',
  inodes: () => 'items',
  age: (nowMs) => `CASE WHEN oldest_ms IS NOT NULL THEN (${nowMs} - oldest_ms) / 1000.0 WHEN items = 0 THEN 0 END`,
  'free-space': () => 'CASE WHEN room_total > 0 THEN 100.0 * room_free / room_total END',
};

interface Question {
  readonly passes: string;
  readonly isMeasured: string;
  readonly from: string;
  readonly parameters: readonly string[];
}

/** Names of servers are of `a-z0-9-`: a list of them needs no quotes, and a long one is written a hundred times faster so. */
const listOf = (names: readonly string[]): string => `{${names.join(',')}}`;

/** Numbers are written out: they come from the policy's own limits and the clock, and are numbers. */
function questionOf({ profiles, stores, servers, watermarks }: ScopeGroup, nowMs: number): Question {
  const values = watermarks.map(({ kind }) => VALUES[kind](String(Math.trunc(nowMs))));
  const passes = watermarks.map(({ kind, limit }: BundleRule['watermarks'][number], index) => `coalesce(${values[index]} ${kind === 'free-space' ? '<' : '>'} ${Number(limit)}, false)`);
  return {
    passes: `(${passes.join(' OR ') || 'false'})`,
    isMeasured: `(${values.map((value) => `(${value}) IS NOT NULL`).join(' OR ') || 'true'})`,
    from: `FROM rotation.store_state WHERE (profile, store) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND server = ANY($3::text[])`,
    parameters: [listOf(profiles), listOf(stores), listOf(servers)],
  };
}

/** By profile and store, as `placeOf` names them: how many servers have a record of it in which a limit's value was measured. */
export async function measuredCounts(dataSource: DataSource, group: ScopeGroup, nowMs: number): Promise<Map<string, number>> {
  const { isMeasured, from, parameters } = questionOf(group, nowMs);
  const rows = await dataSource.query<{ profile: string; store: string; measured: string }[]>(`SELECT profile, store, count(*) FILTER (WHERE ${isMeasured}) AS measured ${from} GROUP BY profile, store`, [...parameters]);
  return new Map(rows.map(({ profile, store, measured }) => [placeOf(profile, store), Number(measured)]));
}

export const placeOf = (profile: string, store: string): string => `${profile}/${store}`;

async function* pagesOf(runner: QueryRunner, statement: string, parameters: readonly string[]): AsyncGenerator<StateRow[]> {
  await runner.startTransaction('REPEATABLE READ');
  try {
    // All of it will be read: a plan for the first rows would be the slower one.
    await runner.query(`SET LOCAL cursor_tuple_fraction = 1`);
    await runner.query(`DECLARE passing NO SCROLL CURSOR FOR ${statement}`, [...parameters]);
    for (;;) {
      const rows = (await runner.query(`FETCH ${PAGE_ROWS} FROM passing`)) as StateRow[];
      if (rows.length > 0) yield rows;
      if (rows.length < PAGE_ROWS) break;
    }
  } finally {
    await runner.rollbackTransaction();
  }
}

/** Recorded states that pass a limit, page by page. */
export async function* passingStates(dataSource: DataSource, group: ScopeGroup, nowMs: number): AsyncGenerator<{ server: string; place: string; state: RecordedState }> {
  const { passes, from, parameters } = questionOf(group, nowMs);
  const runner = dataSource.createQueryRunner();
  try {
    for await (const rows of pagesOf(runner, `SELECT server, profile, store, measured_ms, items, records, bytes, oldest_ms, newest_ms, room_total, room_free, spread ${from} AND ${passes}`, parameters)) {
      for (const row of rows) yield { server: row.server, place: placeOf(row.profile, row.store), state: stateFrom(row) };
    }
  } finally {
    await runner.release();
  }
}
