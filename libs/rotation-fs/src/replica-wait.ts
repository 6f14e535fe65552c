import { performance } from 'node:perf_hooks';
import type { RecordTrimmer } from '@mailwarden/product-database';
import { outOfPatience, pauseWithin, type Patience } from './patience.js';

/** How often the copies of a database are looked at. Units: milliseconds. */
const LOOK_MS = 1_000;
/** How long one waits for copies that are behind. Units: milliseconds. */
const WAIT_MS_MAX = 30_000;
const MS_PER_SECOND = 1_000;

/** Rows leave no faster than the copies of their database follow. One for each order. */
export class ReplicaWait {
  #seenMs = -Infinity;
  #areHidden = false;
  #waitedMs = 0;
  #waitedFor = '';

  constructor(private readonly database: Pick<RecordTrimmer, 'replicas'>) {}

  /**
   * Waits for copies that are behind; `beforeWaiting` accounts for what is gone before time passes. Returns why there is no going on; null where they are near enough.
   * Errors: throws when the database gives no answer.
   */
  async untilNear(patience: Patience, beforeWaiting: () => void): Promise<string | null> {
    const sinceMs = performance.now();
    if (sinceMs - this.#seenMs < LOOK_MS) return null;
    for (;;) {
      const { behind, hidden } = await this.database.replicas();
      [this.#seenMs, this.#areHidden] = [performance.now(), hidden];
      if (behind === null) return null;
      beforeWaiting();
      this.#waitedFor = behind;
      if (performance.now() - sinceMs > WAIT_MS_MAX) return `${behind}, and was waited for ${WAIT_MS_MAX / MS_PER_SECOND} s`;
      const pausedMs = performance.now();
      await pauseWithin(patience, LOOK_MS);
      this.#waitedMs += performance.now() - pausedMs;
      const stopped = outOfPatience(patience);
      if (stopped !== null) return `${stopped} while it waited: ${behind}`;
    }
  }

  /** The rest that is theirs after a batch: where copies are that do not tell how far they are, half of the time. Units: milliseconds. */
  restAfterMs = (batchMs: number): number => (this.#areHidden ? batchMs : 0);

  /** What the receipt of an order that waited is to tell. */
  get notes(): string[] {
    return this.#waitedMs > 0 ? [`replicas were waited for, ${Math.ceil(this.#waitedMs / MS_PER_SECOND)} s in all: ${this.#waitedFor}`] : [];
  }
}
