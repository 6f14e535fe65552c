import { agentSource, serverOfSource, type MissingMessagesView } from '@mailwarden/contracts';
import { instantOf, type Instant } from '@mailwarden/kernel';
import type { Logger } from '@mailwarden/observability';
import type { DataSource, EntityManager } from 'typeorm';
import type { OperatorActions } from '../sign-in/operator-actions.js';
import { lockServer, type FindingBook } from '../keep-findings/finding-book.js';
import type { LiveUpdates } from '../live-updates/live-updates.js';
import { instantFrom } from '../schema/instants.js';
import type { EventOutbox } from '../say-event/event-outbox.js';
import type { SequenceLine } from './sequence-book.js';
import { numberingFindings, type Numbering } from './numbering-findings.js';

/** Units: milliseconds. */
const LOOK_EVERY_MS = 3_000;
const AGENTS = agentSource('');

/** Agents of whom something is missing for long enough, has begun anew, or is still told to. */
const DUE = `
  SELECT DISTINCT substr(source, ${AGENTS.length + 1}) AS server FROM (
    SELECT source FROM reporting.sequence_gap WHERE NOT accepted AND seen_at < $1 AND source LIKE '${AGENTS}%'
    UNION ALL SELECT source FROM reporting.sequence_break WHERE NOT accepted AND source LIKE '${AGENTS}%'
    UNION ALL SELECT '${AGENTS}' || server FROM reporting.finding WHERE origin = 'numbering' AND state = 'open') AS due`;
const MISSING = `SELECT first, last FROM reporting.sequence_gap WHERE source = $1 AND NOT accepted AND seen_at < $2 ORDER BY epoch, first`;
const ANEW = `SELECT head, began FROM reporting.sequence_break WHERE source = $1 AND NOT accepted ORDER BY epoch`;
const GIVEN_UP = `SELECT coalesce((heartbeat #>> '{spool,lost}')::bigint, 0) AS lost FROM reporting.server WHERE name = $1`;
const LISTED_MAX = 500;

export interface WatchParts {
  readonly dataSource: DataSource;
  readonly findings: FindingBook;
  readonly actions: OperatorActions;
  readonly events: EventOutbox;
  readonly live: LiveUpdates;
  readonly log: Logger;
  /** What comes by two streams comes out of order: nothing is missing before this has passed. Units: milliseconds. */
  readonly graceMs: number;
}

/** Tells of messages that are missing, until they come or somebody accepts that they will not. */
export class SequenceWatch {
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> | null = null;

  constructor(private readonly parts: WatchParts) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#working ??= this.#look().finally(() => (this.#working = null));
    }, LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#working;
  }

  /** What is missing and what began anew, of agents and services, newest first. */
  async list(): Promise<MissingMessagesView> {
    const { dataSource } = this.parts;
    const gaps = await dataSource.query<{ source: string; line: SequenceLine; first: string; last: string; seen_at: Date }[]>(`SELECT source, line, first, last, seen_at FROM reporting.sequence_gap WHERE NOT accepted ORDER BY seen_at DESC, source, first LIMIT ${LISTED_MAX}`);
    const breaks = await dataSource.query<{ source: string; line: SequenceLine; head: string; began: string; seen_at: Date }[]>(`SELECT source, line, head, began, seen_at FROM reporting.sequence_break WHERE NOT accepted ORDER BY seen_at DESC, source LIMIT ${LISTED_MAX}`);
    return {
      missing: gaps.map(({ source, line, first, last, seen_at }) => ({ source, line, first: Number(first), last: Number(last), seenAt: instantFrom(seen_at) })),
      anew: breaks.map(({ source, line, head, began, seen_at }) => ({ source, line, head: Number(head), began: Number(began), seenAt: instantFrom(seen_at) })),
    };
  }

  /** An operator knows of it: it is told no more. What comes later all the same is taken. Returns how many gaps and beginnings it were. */
  async accept(source: string, reason: string, operator: string): Promise<number> {
    const { dataSource, actions, events, live } = this.parts;
    const now = instantOf(Date.now());
    const accepted = await dataSource.transaction(async (tx) => {
      // Gaps before servers, as where they are filled.
      const [gaps] = await tx.query<[unknown[], number]>(`UPDATE reporting.sequence_gap SET accepted = true WHERE source = $1 AND NOT accepted RETURNING first`, [source]);
      const [breaks] = await tx.query<[unknown[], number]>(`UPDATE reporting.sequence_break SET accepted = true WHERE source = $1 AND NOT accepted RETURNING epoch`, [source]);
      const many = gaps.length + breaks.length;
      if (many === 0) return 0;
      await actions.record(tx, { action: 'missing-messages-accepted', operator, at: now, facts: { source, accepted: many }, document: { source, gaps, breaks, reason } });
      const server = serverOfSource(source);
      if (server !== undefined) await this.#reconcile(tx, server, now);
      return many;
    });
    events.kick();
    live.tell('findings');
    return accepted;
  }

  async #look(): Promise<void> {
    const { dataSource, events, live, log } = this.parts;
    try {
      const now = instantOf(Date.now());
      const due = await dataSource.query<{ server: string }[]>(DUE, [this.#since(now)]);
      for (const { server } of due) {
        const changed = await dataSource.transaction((tx) => this.#reconcile(tx, server, now));
        if (changed) for (const topic of ['findings', 'server', 'fleet'] as const) live.tell(topic, server);
      }
      if (due.length > 0) events.kick();
    } catch (cause) {
      log.warn({ err: cause }, 'the numbers of messages could not be looked at; it is tried again');
    }
  }

  #since(now: Instant): Instant {
    return instantOf(Date.parse(now) - this.parts.graceMs);
  }

  async #reconcile(tx: EntityManager, server: string, now: Instant): Promise<boolean> {
    if (!(await lockServer(tx, server))) return false;
    const source = agentSource(server);
    const missing = await tx.query<{ first: string; last: string }[]>(MISSING, [source, this.#since(now)]);
    const anew = await tx.query<{ head: string; began: string }[]>(ANEW, [source]);
    const [row] = await tx.query<{ lost: string }[]>(GIVEN_UP, [server]);
    const numbering: Numbering = {
      missing: missing.map(({ first, last }) => ({ first: Number(first), last: Number(last) })),
      anew: anew.map(({ head, began }) => ({ head: Number(head), began: Number(began) })),
      givenUp: Number(row?.lost ?? 0),
    };
    return (await this.parts.findings.reconcile(tx, { server, origin: 'numbering', profile: null }, numberingFindings(numbering), now)).length > 0;
  }
}
