import type { Undetermined } from '@mailwarden/assessment';
import type { AssessedFinding } from '@mailwarden/contracts';
import { epochMsOf, uuidOf, type Instant } from '@mailwarden/kernel';
import type { EntityManager } from 'typeorm';
import { instantFrom, instantOrNull } from '../schema/instants.js';
import type { EventOutbox } from '../say-event/event-outbox.js';
import { findingChanges, type FindingChange, type FindingScope, type KnownFinding } from './finding-life.js';

interface FindingRow {
  readonly id: string;
  readonly code: KnownFinding['code'];
  readonly severity: KnownFinding['severity'];
  readonly store: KnownFinding['store'];
  readonly subject: string;
  readonly message: string;
  readonly advice: string;
  readonly source: string;
  readonly state: KnownFinding['state'];
  readonly opened_at: Date;
  readonly updated_at: Date;
  readonly told_at: Date;
  readonly resolved_at: Date | null;
}

const knownFrom = (row: FindingRow): KnownFinding => ({
  id: row.id,
  code: row.code,
  severity: row.severity,
  store: row.store,
  subject: row.subject,
  message: row.message,
  advice: row.advice,
  source: row.source,
  state: row.state,
  openedAt: instantFrom(row.opened_at),
  updatedAt: instantFrom(row.updated_at),
  toldAt: instantFrom(row.told_at),
  resolvedAt: instantOrNull(row.resolved_at),
});

const UPSERT = `
  INSERT INTO reporting.finding (id, server, origin, profile, store, code, subject, severity, state, message, advice, source, opened_at, updated_at, told_at, resolved_at)
  SELECT f.id, $1, $2, $3, f.store, f.code, f.subject, f.severity, f.state, f.message, f.advice, f.source, f."openedAt", f."updatedAt", f."toldAt", f."resolvedAt"
  FROM jsonb_to_recordset($4::jsonb) AS f(id uuid, store text, code text, subject text, severity text, state text, message text, advice text, source text,
    "openedAt" timestamptz, "updatedAt" timestamptz, "toldAt" timestamptz, "resolvedAt" timestamptz)
  ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, state = excluded.state, message = excluded.message, advice = excluded.advice, source = excluded.source,
    opened_at = excluded.opened_at, updated_at = excluded.updated_at, told_at = excluded.told_at, resolved_at = excluded.resolved_at`;

const HISTORY = `
  INSERT INTO reporting.finding_history (finding, at, what, message)
  SELECT h.finding, h.at, h.what, h.message FROM jsonb_to_recordset($1::jsonb) AS h(finding uuid, at timestamptz, what text, message text)`;

const ROLL_UP = `
  UPDATE reporting.server SET
    open_findings = coalesce((SELECT jsonb_object_agg(severity, n) FROM (
      SELECT severity, count(*) AS n FROM reporting.finding WHERE server = $1 AND state = 'open' GROUP BY severity) AS open), '{}'),
    stores_over_limit = (SELECT count(DISTINCT (profile, store)) FROM reporting.finding WHERE server = $1 AND state = 'open' AND code IN ('over-limit', 'over-age'))
  WHERE name = $1`;

/** What the history says of the end; what was wrong stands in the entries before it. */
const SEEN_IN_ORDER = 'seen to be in order';

/** Keeps findings with their life, their history and the roll-up on their server, and raises their events. */
export class FindingBook {
  constructor(private readonly events: EventOutbox) {}

  /**
   * Brings the findings of one scope in line with what was seen now.
   * Safety: the caller holds the server's row locked, so that two looks at one server never interleave.
   */
  async reconcile(tx: EntityManager, scope: FindingScope, seen: readonly AssessedFinding[], now: Instant, undetermined?: Undetermined): Promise<readonly FindingChange[]> {
    const rows = await tx.query<FindingRow[]>(
      `SELECT * FROM reporting.finding WHERE server = $1 AND origin = $2 AND profile IS NOT DISTINCT FROM $3`,
      [scope.server, scope.origin, scope.profile],
    );
    const changes = findingChanges(scope, rows.map(knownFrom), seen, now, undetermined);
    await this.#keep(tx, scope, changes, SEEN_IN_ORDER, now);
    return changes;
  }

  /** Closes all that is open of a server which nobody looks at any more; `because` stands in each history. Safety: as above. */
  async closeAll(tx: EntityManager, server: string, because: string, now: Instant): Promise<void> {
    const rows = await tx.query<(FindingRow & Pick<FindingScope, 'origin' | 'profile'>)[]>(`SELECT * FROM reporting.finding WHERE server = $1 AND state <> 'resolved'`, [server]);
    const scopes = new Map(rows.map(({ origin, profile }) => [`${origin} ${profile ?? ''}`, { server, origin, profile }]));
    for (const scope of scopes.values()) {
      const known = rows.filter(({ origin, profile }) => origin === scope.origin && profile === scope.profile).map(knownFrom);
      await this.#keep(tx, scope, findingChanges(scope, known, [], now), because, now);
    }
  }

  async #keep(tx: EntityManager, scope: FindingScope, changes: readonly FindingChange[], ended: string, now: Instant): Promise<void> {
    if (changes.length === 0) return;
    const told = changes.filter((change) => change.told);
    await tx.query(UPSERT, [scope.server, scope.origin, scope.profile, JSON.stringify(changes.map((change) => change.finding))]);
    await tx.query(HISTORY, [JSON.stringify(told.map(({ what, finding }) => ({ finding: finding.id, at: now, what, message: what === 'resolved' ? ended : finding.message })))]);
    await tx.query(ROLL_UP, [scope.server]);
    for (const change of told) await this.#tell(tx, scope, change, now);
  }

  async #tell(tx: EntityManager, { server }: FindingScope, { what, finding }: FindingChange, now: Instant): Promise<void> {
    const { code, store, message, advice, severity } = finding;
    const about = { id: uuidOf('finding-event', finding.id, what, now), server, severity, at: now };
    if (what === 'resolved') {
      const openSeconds = Math.max(0, Math.floor((epochMsOf(now) - epochMsOf(finding.openedAt)) / 1000));
      await this.events.raise(tx, 'finding.resolved', { ...about, detail: { finding: finding.id, code, store, openSeconds } });
      return;
    }
    const detail = { finding: finding.id, code, store, message, advice };
    await this.events.raise(tx, what === 'updated' ? 'finding.updated' : 'finding.opened', { ...about, detail });
  }
}

/** Locks one server's row until the transaction ends. Returns false when the server is not in the fleet, or is out of it again: nothing of it opens then. */
export async function lockServer(tx: EntityManager, server: string): Promise<boolean> {
  const rows = await tx.query<unknown[]>(`SELECT 1 FROM reporting.server WHERE name = $1 AND status = 'active' FOR UPDATE`, [server]);
  return rows.length > 0;
}
