import { heartbeat, HEARTBEAT_INTERVAL_MS, MESSAGE_TYPES, openEnvelope, serverOfSource, WILDCARDS, type Heartbeat, type KeyOf } from '@mailwarden/contracts';
import { instantOf, type Instant } from '@mailwarden/kernel';
import type { Logger } from '@mailwarden/observability';
import { onReconnect } from '@mailwarden/messaging';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { LiveUpdates } from '../live-updates/live-updates.js';
import type { CloneWatch } from './clone-watch.js';
import { SILENT_AFTER_MS, type Liveness } from './liveness.js';

/** Signs of life are written together this often. Units: milliseconds. */
const WRITE_EVERY_MS = 1_000;

/** Listens for signs of life and, when they stop, for the silence. Instances share the work by a queue group. */
export class HeartbeatWatch {
  readonly #waiting = new Map<string, { heartbeat: Heartbeat; seenAt: Instant }>();
  #subscription: Subscription | null = null;
  #timers: NodeJS.Timeout[] = [];
  #working: Promise<void> = Promise.resolve();
  #listeningSinceMs = 0;

  constructor(
    private readonly bus: NatsConnection,
    private readonly keyOf: KeyOf,
    private readonly liveness: Liveness,
    private readonly clones: CloneWatch,
    private readonly live: LiveUpdates,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.#listeningSinceMs = Date.now();
    onReconnect(this.bus, { lost: () => (this.#listeningSinceMs = Number.MAX_SAFE_INTEGER), back: () => (this.#listeningSinceMs = Date.now()) });
    this.#subscription = this.bus.subscribe(WILDCARDS.heartbeat, {
      queue: 'reporting',
      callback: (problem, message) => {
        if (problem === null) this.#take(message.subject, message.data);
      },
    });
    this.#timers = [setInterval(() => this.#queue(() => this.#write()), WRITE_EVERY_MS), setInterval(() => this.#queue(() => this.#sweep()), HEARTBEAT_INTERVAL_MS)];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#subscription?.unsubscribe();
    await this.#working;
  }

  #take(subject: string, bytes: Uint8Array): void {
    const opened = openEnvelope(bytes, { subject, types: { [MESSAGE_TYPES.heartbeat]: heartbeat }, keyOf: this.keyOf });
    if (!opened.ok) return this.log.warn({ subject, code: opened.error.code }, 'a sign of life was not believed');
    const { data, source } = opened.value;
    if (serverOfSource(source) !== data.server || !subject.endsWith(`.${data.server}`)) return this.log.warn({ subject }, 'an agent gave a sign of life for another');
    this.clones.heard(data, Date.now());
    const waiting = this.#waiting.get(data.server);
    if (waiting !== undefined && waiting.heartbeat.at >= data.at) return;
    this.#waiting.set(data.server, { heartbeat: data, seenAt: instantOf(Date.now()) });
  }

  #queue(work: () => Promise<void>): void {
    this.#working = this.#working.then(work).catch((cause: unknown) => {
      // What was heard meanwhile is not known: the time to fall silent begins anew.
      this.#listeningSinceMs = Date.now();
      this.log.error({ err: cause }, 'signs of life could not be kept; the next ones will be');
    });
  }

  async #write(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const beats = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const server of [...(await this.liveness.heard(beats)), ...(await this.clones.tellFound())]) this.#tell(server);
  }

  /** Nobody is called silent for the time that this service did not listen itself. */
  async #sweep(): Promise<void> {
    const nowMs = Date.now();
    for (const server of await this.clones.forget(nowMs)) this.#tell(server);
    if (nowMs - this.#listeningSinceMs < SILENT_AFTER_MS || this.bus.isClosed()) return;
    for (const server of await this.liveness.fallSilent(instantOf(nowMs - SILENT_AFTER_MS))) this.#tell(server);
  }

  #tell(server: string): void {
    for (const topic of ['fleet', 'server', 'findings'] as const) this.live.tell(topic, server);
  }
}
