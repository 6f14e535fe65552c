import type { SignedConsentEntry } from '@mailwarden/contracts';
import { putEntry } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DataSource } from 'typeorm';

/** Entries are compared with the bucket this often, beside each decision. Units: milliseconds. */
const SWEEP_MS = 10_000;

/** Brings the entries of the database into the bucket that agents follow; what is there already is not written again. */
export class EntryPublisher {
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();

  constructor(
    private readonly dataSource: DataSource,
    private readonly bus: NatsConnection,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.#timer = setInterval(() => this.kick(), SWEEP_MS);
    this.kick();
  }

  /** To be called after a decision was committed. */
  kick(): void {
    this.#working = this.#working.then(() => this.#publish()).catch((cause: unknown) => this.log.warn({ err: cause }, 'consent entries could not be published; they are tried again'));
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#working;
  }

  async #publish(): Promise<void> {
    const rows = await this.dataSource.query<{ scope_key: string; document: SignedConsentEntry }[]>(`SELECT scope_key, document FROM consent.scope`);
    for (const row of rows) await putEntry(this.bus, 'consent', row.scope_key, row.document);
  }
}
