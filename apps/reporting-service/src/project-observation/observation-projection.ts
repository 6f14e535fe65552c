import { undeterminedBy } from '@mailwarden/assessment';
import type { Labels, Observation } from '@mailwarden/contracts';
import type { Instant, Measured } from '@mailwarden/kernel';
import type { EntityManager } from 'typeorm';
import { lockServer, type FindingBook } from '../keep-findings/finding-book.js';
import type { TrendBook, Trends } from '../follow-trends/trend-book.js';
import { isNewer } from './newer-observation.js';
import type { Judgement } from './judgement.js';

const LATEST = `
  INSERT INTO reporting.observation (server, profile, sequence, started_at, document) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (server, profile) DO UPDATE SET sequence = excluded.sequence, started_at = excluded.started_at, document = excluded.document`;

const HISTORY = `
  INSERT INTO reporting.store_history (server, profile, store, at, items, bytes_apparent, bytes_allocated, records, oldest_at)
  SELECT $1, $2, s.store, $3, s.items, s."bytesApparent", s."bytesAllocated", s.records, s."oldestAt"
  FROM jsonb_to_recordset($4::jsonb) AS s(store text, items bigint, "bytesApparent" bigint, "bytesAllocated" bigint, records bigint, "oldestAt" timestamptz)
  ON CONFLICT DO NOTHING`;

const ROLL_UP = `
  UPDATE reporting.server SET
    product = $2,
    last_observed_at = greatest(last_observed_at, $3),
    bytes_stored = (SELECT coalesce(sum((s -> 'bytesAllocated' ->> 'value')::numeric), 0)::bigint
      FROM reporting.observation o, jsonb_array_elements(o.document -> 'stores') AS s WHERE o.server = $1)
  WHERE name = $1`;

const valueOf = <T>(measured: Measured<T> | undefined): T | null => (measured?.known === true ? measured.value : null);

const historyOf = (observation: Observation) =>
  observation.stores.map((store) => ({
    store: store.id,
    items: valueOf(store.items),
    bytesApparent: valueOf(store.bytesApparent),
    bytesAllocated: valueOf(store.bytesAllocated),
    records: valueOf(store.records),
    oldestAt: valueOf(store.oldestAt),
  }));

/** Writes what an agent measured into the read model and judges it. */
export class ObservationProjection {
  constructor(
    private readonly judgement: Judgement,
    private readonly findings: FindingBook,
    private readonly trends: TrendBook,
  ) {}

  /**
   * Projects one observation. One that is older than the latest adds to the history and changes nothing else.
   * Returns false when the server is not in the fleet yet.
   */
  async project(tx: EntityManager, observation: Observation, sequence: number, now: Instant): Promise<boolean> {
    const { server, profile, startedAt } = observation;
    if (!(await lockServer(tx, server))) return false;
    await tx.query(HISTORY, [server, profile, startedAt, JSON.stringify(historyOf(observation))]);
    const [latest] = await tx.query<{ sequence: string; started_at: Date }[]>(`SELECT sequence, started_at FROM reporting.observation WHERE server = $1 AND profile = $2`, [server, profile]);
    if (latest !== undefined && !isNewer({ sequence, startedAt }, { sequence: Number(latest.sequence), startedAt: latest.started_at })) return true;
    await tx.query(LATEST, [server, profile, sequence, startedAt, JSON.stringify(observation)]);
    const { name, version } = observation.product;
    await tx.query(ROLL_UP, [server, version.known ? `${name} ${version.value}` : name, startedAt]);
    await this.#judge(tx, observation, await this.trends.add(tx, observation), now);
    return true;
  }

  /** Judges the latest observations of a server again, because policy or consent has changed. */
  async judgeAgain(tx: EntityManager, server: string, now: Instant): Promise<void> {
    if (!(await lockServer(tx, server))) return;
    const rows = await tx.query<{ document: Observation }[]>(`SELECT document FROM reporting.observation WHERE server = $1`, [server]);
    for (const { document } of rows) await this.#judge(tx, document, await this.trends.of(tx, server, document.profile), now);
  }

  async #judge(tx: EntityManager, observation: Observation, trends: Trends, now: Instant): Promise<void> {
    const { server, profile } = observation;
    const [row] = await tx.query<{ labels: Labels }[]>(`SELECT labels FROM reporting.server WHERE name = $1`, [server]);
    await this.findings.reconcile(tx, { server, origin: 'assessment', profile }, this.judgement.assess(observation, { labels: row?.labels ?? {}, trends }, now), now, undeterminedBy(observation));
  }
}
