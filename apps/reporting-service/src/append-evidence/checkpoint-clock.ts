import type { Logger } from '@mailwarden/observability';
import { instantOf, type Instant } from '@mailwarden/kernel';
import type { LedgerAlarm } from './ledger-alarm.js';
import { LedgerRewritten, type LedgerBook } from './ledger-book.js';

/** How often a grown log gets a new signed head. Units: milliseconds. */
const CHECKPOINT_EVERY_MS = 2_000;

/** Signs the ledger's head while it grows. */
export class CheckpointClock {
  #timer: NodeJS.Timeout | null = null;
  #signing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ledger: LedgerBook,
    private readonly alarm: LedgerAlarm,
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

  async #sound(flaw: string, now: Instant): Promise<void> {
    await this.alarm.tell(flaw, now).catch((cause: unknown) => this.log.error({ err: cause }, 'that the ledger was rewritten could not be told; it is tried again'));
  }

  async #sign(): Promise<void> {
    const now = instantOf(Date.now());
    try {
      if ((await this.ledger.sign(now)) !== null) this.signed();
      await this.alarm.tell(null, now);
    } catch (cause) {
      this.log.error({ err: cause }, 'the ledger could not be signed; it is tried again');
      if (cause instanceof LedgerRewritten) await this.#sound(cause.flaw, now);
    }
    if (this.#timer !== null) this.start();
  }
}
