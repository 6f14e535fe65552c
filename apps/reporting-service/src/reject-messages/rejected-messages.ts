import type { AssessedFinding } from '@mailwarden/contracts';
import { instantOf, uuidOf, type Instant } from '@mailwarden/kernel';
import type { Logger } from '@mailwarden/observability';
import type { DataSource } from 'typeorm';
import { lockServer, type FindingBook } from '../keep-findings/finding-book.js';
import type { EventOutbox } from '../say-event/event-outbox.js';

/** A message that was put aside: forged, misplaced, unreadable or failing again and again. */
export interface RejectedMessage {
  readonly consumer: string;
  readonly subject: string;
  readonly reason: string;
}

/** The same rejection is told again no sooner than this, so that a flood of forgeries is no flood of events. Units: milliseconds. */
const RETELL_AFTER_MS = 60_000;
const REMEMBERED_MAX = 10_000;
/** A finding closes when nothing was rejected for so long. Units: milliseconds. */
const FORGOTTEN_AFTER_MS = 3_600_000;
const LOOK_EVERY_MS = 60_000;

const finding = ({ reason }: RejectedMessage): AssessedFinding => ({
  code: 'message-rejected',
  severity: 'high',
  store: null,
  subject: '',
  message: `a message in the name of this server was put aside: ${reason}`.slice(0, 500),
  advice: 'look at it among the dead letters; if the agent did not send it, treat its credential as stolen',
  source: 'signature and form checks of the bus',
});

/** Tells operators and subscribers what was not believed. */
export class RejectedMessages {
  readonly #told = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();

  constructor(
    private readonly dataSource: DataSource,
    private readonly findings: FindingBook,
    private readonly events: EventOutbox,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.#timer = setInterval(() => this.#queue(() => this.#forget(Date.now())), LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#working;
  }

  tell(rejected: RejectedMessage): void {
    const nowMs = Date.now();
    const server = rejected.subject.split('.').at(-1) ?? '';
    const key = `${rejected.consumer} ${server} ${rejected.reason}`;
    if (nowMs - (this.#told.get(key) ?? 0) < RETELL_AFTER_MS) return;
    if (this.#told.size >= REMEMBERED_MAX) this.#told.clear();
    this.#told.set(key, nowMs);
    this.#queue(() => this.#write(rejected, server, instantOf(nowMs)));
  }

  #queue(work: () => Promise<void>): void {
    this.#working = this.#working.then(work).then(
      () => this.events.kick(),
      (cause: unknown) => this.log.error({ err: cause }, 'a rejected message could not be told; it is among the dead letters'),
    );
  }

  /** Closes the findings of servers of which nothing was rejected lately. */
  async #forget(nowMs: number): Promise<void> {
    const now = instantOf(nowMs);
    const due = await this.dataSource.query<{ server: string }[]>(
      `SELECT server FROM reporting.finding WHERE origin = 'messages' AND state = 'open' GROUP BY server HAVING max(updated_at) < $1`,
      [instantOf(nowMs - FORGOTTEN_AFTER_MS)],
    );
    for (const { server } of due) {
      await this.dataSource.transaction(async (tx) => {
        if (await lockServer(tx, server)) await this.findings.reconcile(tx, { server, origin: 'messages', profile: null }, [], now);
      });
    }
  }

  async #write(rejected: RejectedMessage, server: string, at: Instant): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      const known = await lockServer(tx, server);
      if (known) await this.findings.reconcile(tx, { server, origin: 'messages', profile: null }, [finding(rejected)], at);
      await this.events.raise(tx, 'message.rejected', {
        id: uuidOf('rejected', rejected.consumer, server, rejected.reason, at),
        server: known ? server : 'fleet',
        severity: 'high',
        at,
        detail: { consumer: rejected.consumer, reason: rejected.reason.slice(0, 500) },
      });
    });
  }
}
