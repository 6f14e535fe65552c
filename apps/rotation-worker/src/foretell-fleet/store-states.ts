import type { RecordedState } from '@mailwarden/rotation';
import type { DataSource, EntityManager } from 'typeorm';
import { packSpreads, unpackSpreads } from './packed-spread.js';

/** A store that did not change is written again after so long, so that its moment stays believable. Units: milliseconds. */
const REWRITE_AFTER_MS = 3_600_000;

export interface StateRow {
  readonly server: string;
  readonly profile: string;
  readonly store: string;
  readonly measured_ms: string;
  readonly items: string | null;
  readonly records: string | null;
  readonly bytes: string | null;
  readonly oldest_ms: string | null;
  readonly newest_ms: string | null;
  readonly room_total: string | null;
  readonly room_free: string | null;
  readonly spread: string | null;
}

const numberOf = (text: string | null): number | null => (text === null ? null : Number(text));

export function stateFrom(row: StateRow): RecordedState {
  return {
    measuredAtMs: Number(row.measured_ms),
    items: numberOf(row.items),
    records: numberOf(row.records),
    bytes: numberOf(row.bytes),
    oldestMs: numberOf(row.oldest_ms),
    newestMs: numberOf(row.newest_ms),
    room: row.room_total === null ? null : { totalBytes: Number(row.room_total), freeBytes: Number(row.room_free) },
    ...unpackSpreads(row.spread),
  };
}

/** Keeps what was measured of all stores of one profile on one server, in one statement; a store that is as it was is not written. */
export async function writeStates(tx: EntityManager, server: string, profile: string, states: ReadonlyMap<string, RecordedState>): Promise<void> {
  const rows = [...states.entries()];
  const column = (of: (state: RecordedState) => number | string | null): (number | string | null)[] => rows.map(([, state]) => of(state));
  await tx.query(
    `INSERT INTO rotation.store_state AS was (server, profile, store, measured_ms, items, records, bytes, oldest_ms, newest_ms, room_total, room_free, spread)
     SELECT $1, $2, * FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::text[])
     ON CONFLICT (profile, store, server) DO UPDATE SET measured_ms = excluded.measured_ms, items = excluded.items, records = excluded.records, bytes = excluded.bytes, oldest_ms = excluded.oldest_ms, newest_ms = excluded.newest_ms, room_total = excluded.room_total, room_free = excluded.room_free, spread = excluded.spread
     WHERE excluded.measured_ms > was.measured_ms + ${REWRITE_AFTER_MS}
        OR (was.items, was.records, was.bytes, was.oldest_ms, was.newest_ms, was.room_total, was.room_free, was.spread) IS DISTINCT FROM (excluded.items, excluded.records, excluded.bytes, excluded.oldest_ms, excluded.newest_ms, excluded.room_total, excluded.room_free, excluded.spread)`,
    [server, profile, rows.map(([store]) => store), column((state) => state.measuredAtMs), column(({ items }) => items), column(({ records }) => records), column(({ bytes }) => bytes), column(({ oldestMs }) => oldestMs), column(({ newestMs }) => newestMs), column(({ room }) => room?.totalBytes ?? null), column(({ room }) => room?.freeBytes ?? null), column(({ ages, sizes }) => packSpreads(ages, sizes))],
  );
}

/** What is recorded of one profile's stores on one server. */
export async function readStates(tx: EntityManager | DataSource, server: string, profile: string): Promise<Map<string, RecordedState>> {
  const rows = await tx.query<StateRow[]>(`SELECT * FROM rotation.store_state WHERE server = $1 AND profile = $2`, [server, profile]);
  return new Map(rows.map((row) => [row.store, stateFrom(row)]));
}
