import type { Logger } from '@mailwarden/observability';
import { instantOf } from '@mailwarden/kernel';
import type { LedgerBook } from './ledger-book.js';

/** How often a grown log gets a new signed head. Units: milliseconds. */
const CHECKPOINT_EVERY_MS = 2_000;

/** Signs the ledger's head while it grows. */
export class CheckpointClock {
  #timer: NodeJS.Timeout | null = null;
  #signing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ledger: LedgerBook,
    private readonly signed: () => void,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.#timer = setTimeout(() => {
      this.#signing = this.#sign();
    }, CHECKPOINT_EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#signing;
  }

  async #sign(): Promise<void> {
    try {
      if ((await this.ledger.sign(instantOf(Date.now()))) !== null) this.signed();
    } catch (cause) {
      this.log.error({ err: cause }, 'the ledger could not be signed; it is tried again');
    }
    if (this.#timer !== null) this.start();
  }
}
