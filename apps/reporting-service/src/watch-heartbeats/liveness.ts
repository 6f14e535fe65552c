import { HEARTBEAT_INTERVAL_MS, type AssessedFinding, type Heartbeat } from '@mailwarden/contracts';
import { epochMsOf, instantOf, uuidOf, type Instant } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import { lockServer, type FindingBook } from '../keep-findings/finding-book.js';
import type { EventOutbox } from '../say-event/event-outbox.js';
import { instantFrom } from '../schema/instants.js';

/** An agent that was not heard for so long is silent. Units: milliseconds. */
export const SILENT_AFTER_MS = 3 * HEARTBEAT_INTERVAL_MS;

const SEEN = `
  WITH beat AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS b(server text, "seenAt" timestamptz, heartbeat jsonb))
  UPDATE reporting.server s SET last_seen_at = greatest(s.last_seen_at, beat."seenAt"), heartbeat = beat.heartbeat,
    agent_state = CASE WHEN s.agent_state = 'never' THEN 'live' ELSE s.agent_state END
  FROM beat, (SELECT name, agent_state FROM reporting.server) AS before
  WHERE s.name = beat.server AND before.name = s.name
    AND (s.heartbeat IS NULL OR beat.heartbeat ->> 'at' > s.heartbeat ->> 'at' OR (beat.heartbeat ->> 'at' > $2 AND beat.heartbeat ->> 'at' <> s.heartbeat ->> 'at'))
  RETURNING s.name, before.agent_state AS before`;

const silentFinding = (lastSeenAt: Instant): AssessedFinding => ({
  code: 'agent-silent',
  severity: 'high',
  store: null,
  subject: '',
  message: `the agent was last heard at ${lastSeenAt}; what it reported since is unknown`,
  advice: 'check that mailwarden-agent runs on the server and that it reaches the bus',
  source: 'heartbeats',
});

/** Knows which agents are heard and which have fallen silent. */
export class Liveness {
  constructor(
    private readonly dataSource: DataSource,
    private readonly findings: FindingBook,
    private readonly events: EventOutbox,
  ) {}

  /**
   * Notes signs of life, many at once; one that was recorded and is played again, older than the last and older than a silence, is none.
   * Returns the servers whose state has changed.
   */
  async heard(beats: readonly { heartbeat: Heartbeat; seenAt: Instant }[]): Promise<string[]> {
    const rows = await this.dataSource.manager.query<[{ name: string; before: string }[], number]>(SEEN, [
      JSON.stringify(beats.map(({ heartbeat, seenAt }) => ({ server: heartbeat.server, seenAt, heartbeat }))),
      instantOf(Date.now() - SILENT_AFTER_MS),
    ]);
    const changed = rows[0].filter((row) => row.before !== 'live').map((row) => row.name);
    for (const row of rows[0].filter((candidate) => candidate.before === 'silent')) await this.#returned(row.name);
    return changed;
  }

  /** Finds the agents that have not been heard since `deadline` and says so once. */
  async fallSilent(deadline: Instant): Promise<string[]> {
    const due = await this.dataSource.query<{ name: string }[]>(`SELECT name FROM reporting.server WHERE agent_state = 'live' AND status = 'active' AND last_seen_at < $1`, [deadline]);
    for (const { name } of due) await this.#turn(name, 'live', 'silent', (tx, lastSeenAt, now) => this.#silent(tx, name, lastSeenAt, now));
    return due.map((row) => row.name);
  }

  async #returned(server: string): Promise<void> {
    await this.#turn(server, 'silent', 'live', async (tx, lastSeenAt, now) => {
      const [finding] = await this.findings.reconcile(tx, { server, origin: 'liveness', profile: null }, [], now);
      const since = finding?.finding.openedAt ?? lastSeenAt;
      const silentSeconds = Math.max(0, Math.round((epochMsOf(now) - epochMsOf(since)) / 1000));
      await this.events.raise(tx, 'agent.returned', { id: uuidOf('returned', server, now), server, severity: 'info', at: now, detail: { silentSeconds } });
    });
  }

  async #silent(tx: EntityManager, server: string, lastSeenAt: Instant, now: Instant): Promise<void> {
    await this.findings.reconcile(tx, { server, origin: 'liveness', profile: null }, [silentFinding(lastSeenAt)], now);
    await this.events.raise(tx, 'agent.silent', { id: uuidOf('silent', server, now), server, severity: 'high', at: now, detail: { lastSeenAt } });
  }

  /** Changes the state of one server if it is still `from`, so that of several instances one tells. */
  async #turn(server: string, from: string, to: string, tell: (tx: EntityManager, lastSeenAt: Instant, now: Instant) => Promise<void>): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      if (!(await lockServer(tx, server))) return;
      const [row] = await tx.query<{ agent_state: string; last_seen_at: Date }[]>(`SELECT agent_state, last_seen_at FROM reporting.server WHERE name = $1`, [server]);
      if (row?.agent_state !== from) return;
      await tx.query(`UPDATE reporting.server SET agent_state = $2 WHERE name = $1`, [server, to]);
      await tell(tx, instantFrom(row.last_seen_at), instantOf(Date.now()));
    });
    this.events.kick();
  }
}
