import type { FindingView } from '@mailwarden/contracts';
import type { Instant } from '@mailwarden/kernel';
import type { DataSource } from 'typeorm';
import { readCursor, writeCursor } from '../http/page-cursor.js';
import { instantFrom, instantOrNull } from '../schema/instants.js';

interface Row {
  readonly id: string;
  readonly server: FindingView['server'];
  readonly profile: FindingView['profile'];
  readonly store: FindingView['store'];
  readonly code: FindingView['code'];
  readonly severity: FindingView['severity'];
  readonly state: FindingView['state'];
  readonly message: string;
  readonly advice: string;
  readonly source: string;
  readonly opened_at: Date;
  readonly updated_at: Date;
  readonly resolved_at: Date | null;
  readonly order_id: string | null;
  readonly order_state: string | null;
  readonly order_at: Date | null;
  readonly history: readonly { readonly at: number; readonly what: FindingView['history'][number]['what']; readonly message: string }[] | null;
}

/** Which findings a list shows; absent means all. */
export interface FindingFilter {
  readonly id?: string | undefined;
  readonly server?: string | undefined;
  readonly state?: string | undefined;
  readonly code?: string | undefined;
  readonly store?: string | undefined;
  readonly severity?: string | undefined;
}

/** Rotations are what is done about a store that holds too much or too old. */
const SELECT = `
  SELECT f.*, r.order_id, r.order_state, r.order_at,
    (SELECT json_agg(json_build_object('at', round(extract(epoch FROM h.at) * 1000), 'what', h.what, 'message', h.message) ORDER BY h.position)
     FROM (SELECT * FROM reporting.finding_history WHERE finding = f.id ORDER BY position DESC LIMIT 100) AS h) AS history
  FROM reporting.finding f
  LEFT JOIN LATERAL (
    SELECT o.id AS order_id, o.ordered_at AS order_at,
      CASE WHEN p.order_id IS NOT NULL THEN 'proved' WHEN t.order_id IS NOT NULL THEN t.document -> 'payload' ->> 'outcome'
        WHEN (o.document ->> 'expiresAt')::timestamptz < now() THEN 'expired' ELSE 'ordered' END AS order_state
    FROM reporting.rotation_order o LEFT JOIN reporting.rotation_receipt t ON t.order_id = o.id LEFT JOIN reporting.rotation_proof p ON p.order_id = o.id
    WHERE f.code IN ('over-limit', 'over-age') AND o.server = f.server AND o.store = f.store AND o.document ->> 'profile' = f.profile
      AND o.ordered_at >= f.opened_at - interval '1 second' AND (f.resolved_at IS NULL OR o.ordered_at <= f.resolved_at)
    ORDER BY o.ordered_at DESC LIMIT 1) AS r ON true`;

const viewFrom = (row: Row): FindingView => ({
  id: row.id,
  server: row.server,
  profile: row.profile,
  store: row.store,
  code: row.code,
  severity: row.severity,
  state: row.state,
  message: row.message,
  advice: row.advice,
  source: row.source,
  openedAt: instantFrom(row.opened_at),
  updatedAt: instantFrom(row.updated_at),
  resolvedAt: instantOrNull(row.resolved_at),
  remediation: row.order_id === null || row.order_at === null ? null : { order: row.order_id, state: row.order_state ?? 'ordered', at: instantFrom(row.order_at) },
  history: (row.history ?? []).map(({ at, what, message }) => ({ at: new Date(at).toISOString() as Instant, what, message })),
});

/** Reads findings, newest change first. */
export class FindingViews {
  constructor(private readonly dataSource: DataSource) {}

  async page(filter: FindingFilter, after: string | undefined, limit: number): Promise<{ items: FindingView[]; next: string | null }> {
    const cursor = readCursor(after);
    const rows = await this.#read(filter, cursor, limit + 1);
    const items = rows.slice(0, limit).map(viewFrom);
    const last = items.at(-1);
    return { items, next: rows.length > limit && last !== undefined ? writeCursor({ at: last.updatedAt, id: last.id }) : null };
  }

  async one(id: string): Promise<FindingView | undefined> {
    return (await this.#read({ id }, null, 1)).map(viewFrom)[0];
  }

  /** What is open on a server, and what was closed last. */
  async ofServer(server: string): Promise<FindingView[]> {
    const open = await this.#read({ server, state: 'open' }, null, 500);
    const closed = await this.#read({ server, state: 'resolved' }, null, 20);
    return [...open, ...closed].map(viewFrom);
  }

  async #read(filter: FindingFilter, cursor: { at: string; id: string } | null, limit: number): Promise<Row[]> {
    return this.dataSource.query<Row[]>(
      `${SELECT}
       WHERE ($1::uuid IS NULL OR f.id = $1) AND ($2::text IS NULL OR f.server = $2) AND ($3::text IS NULL OR f.state = $3) AND ($4::text IS NULL OR f.code = $4)
         AND ($5::text IS NULL OR f.store = $5) AND ($6::text IS NULL OR f.severity = $6) AND ($7::timestamptz IS NULL OR (f.updated_at, f.id) < ($7, $8::uuid))
       ORDER BY f.updated_at DESC, f.id DESC LIMIT $9`,
      [filter.id ?? null, filter.server ?? null, filter.state ?? null, filter.code ?? null, filter.store ?? null, filter.severity ?? null, cursor?.at ?? null, cursor?.id ?? null, limit],
    );
  }
}
