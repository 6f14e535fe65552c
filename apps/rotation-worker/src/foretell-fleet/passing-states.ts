import type { BundleRule, Watermark } from '@mailwarden/contracts';
import type { RecordedState } from '@mailwarden/rotation';
import type { DataSource } from 'typeorm';
import type { RuleScope } from './plan-scope.js';
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

interface Condition {
  readonly passes: string;
  readonly measured: string;
  readonly parameters: readonly number[];
}

/** `$1` to `$3` are taken by profile, store and servers; `$4` is the moment. */
function conditionOf({ watermarks }: Pick<BundleRule, 'watermarks'>, nowMs: number): Condition {
  const values = watermarks.map(({ kind }) => VALUES[kind]('$4::bigint'));
  const passes = watermarks.map(({ kind }, index) => `coalesce(${values[index]} ${kind === 'free-space' ? '<' : '>'} $${index + 5}::double precision, false)`);
  return { passes: passes.join(' OR ') || 'false', measured: values.map((value) => `(${value}) IS NOT NULL`).join(' OR ') || 'true', parameters: [nowMs, ...watermarks.map(({ limit }) => limit)] };
}

/** How many of the servers stand how, as far as it takes no planning: over a limit, measured, recorded at all. */
export interface StandingCounts {
  readonly recorded: number;
  readonly measured: number;
}

export async function standingCounts(dataSource: DataSource, { rule, servers }: RuleScope, nowMs: number): Promise<StandingCounts> {
  const { measured, parameters } = conditionOf(rule, nowMs);
  const [row] = await dataSource.query<{ recorded: string; measured: string }[]>(
    `SELECT count(*) AS recorded, count(*) FILTER (WHERE ${measured}) AS measured FROM rotation.store_state WHERE profile = $1 AND store = $2 AND server = ANY($3::text[]) AND $4::bigint IS NOT NULL ${rule.watermarks.map((_mark, index) => `AND $${index + 5}::double precision IS NOT NULL`).join(' ')}`,
    [rule.profile, rule.store, servers, ...parameters],
  );
  return { recorded: Number(row?.recorded ?? 0), measured: Number(row?.measured ?? 0) };
}

/** Recorded states that pass a limit of the rule, page by page in the order of their servers. */
export async function* passingStates(dataSource: DataSource, { rule, servers }: RuleScope, nowMs: number): AsyncGenerator<{ server: string; state: RecordedState }> {
  const { passes, parameters } = conditionOf(rule, nowMs);
  const after = parameters.length + 4;
  for (let last = ''; ; ) {
    const rows = await dataSource.query<StateRow[]>(
      `SELECT server, store, measured_ms, items, records, bytes, oldest_ms, newest_ms, room_total, room_free, spread FROM rotation.store_state
       WHERE profile = $1 AND store = $2 AND server = ANY($3::text[]) AND (${passes}) AND $4::bigint IS NOT NULL AND server > $${after} ORDER BY server LIMIT ${PAGE_ROWS}`,
      [rule.profile, rule.store, servers, ...parameters, last],
    );
    for (const row of rows) yield { server: row.server, state: stateFrom(row) };
    if (rows.length < PAGE_ROWS) return;
    last = rows.at(-1)?.server ?? last;
  }
}
