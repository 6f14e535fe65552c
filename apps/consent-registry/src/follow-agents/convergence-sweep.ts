import type { Logger } from '@mailwarden/observability';
import type { OutboxRelay } from '@mailwarden/persistence';
import type { DataSource } from 'typeorm';
import type { ConvergenceBook } from './convergence-book.js';

const SWEEP_MS = 10_000;

/** Looks now and then at scopes that wait, for what no word of an agent tells: a server that left the fleet, and words that another instance heard. */
export class ConvergenceSweep {
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> | null = null;

  constructor(private readonly parts: { readonly dataSource: DataSource; readonly book: ConvergenceBook; readonly relay: OutboxRelay; readonly log: Logger }) {}

  start(): void {
    this.#timer = setInterval(() => (this.#working ??= this.#look().finally(() => (this.#working = null))), SWEEP_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#working;
  }

  async #look(): Promise<void> {
    const { dataSource, book, relay, log } = this.parts;
    try {
      await dataSource.transaction((tx) => book.lookAtAll(tx));
      relay.kick();
    } catch (cause) {
      log.warn({ err: cause }, 'how far decisions have come could not be looked at; the next look tries again');
    }
  }
}
