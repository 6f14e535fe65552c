import { instantOf } from '@mailwarden/kernel';
import type { Logger } from '@mailwarden/observability';
import type { DataSource } from 'typeorm';
import { lockServer, type FindingBook } from '../keep-findings/finding-book.js';
import type { LiveUpdates } from '../live-updates/live-updates.js';
import type { EventOutbox } from '../say-event/event-outbox.js';
import { attestedServers } from './attested-servers.js';
import type { AttestedServer } from './convergence.js';
import type { ConsentEntries } from './consent-entries.js';
import { lateFinding } from './late-servers.js';

const LOOK_EVERY_MS = 15_000;

/** Looks for servers that decisions have not reached in time. Instances may look at the same: what was found once is not found anew. */
export class ConvergenceWatch {
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();
  #isLooking = false;

  constructor(
    private readonly parts: { readonly dataSource: DataSource; readonly entries: ConsentEntries; readonly findings: FindingBook; readonly events: EventOutbox; readonly live: LiveUpdates; readonly log: Logger },
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      if (!this.#isLooking) void this.look();
    }, LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#working;
  }

  /** One look after another; never throws. */
  look(): Promise<void> {
    this.#working = this.#working
      .then(() => this.#look())
      .catch((cause: unknown) => this.parts.log.error({ err: cause }, 'how far decisions have come could not be looked at; the next look tries again'))
      .finally(() => (this.#isLooking = false));
    this.#isLooking = true;
    return this.#working;
  }

  async #look(): Promise<void> {
    const { dataSource, entries } = this.parts;
    const nowMs = Date.now();
    const standing = entries.index();
    const open = new Set((await dataSource.query<{ server: string }[]>(`SELECT server FROM reporting.finding WHERE origin = 'consent' AND state = 'open'`)).map(({ server }) => server));
    for (const server of await attestedServers(dataSource)) {
      const isLate = lateFinding(standing, server, nowMs) !== null;
      if (isLate !== open.has(server.server)) await this.#settle(server, nowMs);
    }
  }

  /** Looks again under the lock of the server's row: its word may have come meanwhile. */
  async #settle({ server }: AttestedServer, nowMs: number): Promise<void> {
    const { dataSource, entries, findings, events, live } = this.parts;
    await dataSource.transaction(async (tx) => {
      if (!(await lockServer(tx, server))) return;
      const [now] = await attestedServers(tx, server);
      const found = now === undefined ? null : lateFinding(entries.index(), now, nowMs);
      await findings.reconcile(tx, { server, origin: 'consent', profile: null }, found === null ? [] : [found], instantOf(nowMs));
    });
    events.kick();
    for (const topic of ['fleet', 'server', 'findings'] as const) live.tell(topic, server);
  }
}
