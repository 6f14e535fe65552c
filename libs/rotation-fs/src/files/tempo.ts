import { performance } from 'node:perf_hooks';
import { setTimeout as after } from 'node:timers/promises';
import type { Pace } from '@mailwarden/contracts';

/** Rests are made in pieces that are long enough to be one. Units: milliseconds. */
const REST_MS_MIN = 5;
const MS_PER_SECOND = 1_000;

/**
 * Keeps an order to so many items and bytes a second, evenly: after each item it rests for what the item has earned. What was not used is not saved up.
 * An order that is to end rests no more.
 */
export class Tempo {
  #dueMs = performance.now();

  constructor(
    private readonly pace: Pace,
    private readonly stop: AbortSignal | null,
  ) {}

  get isBound(): boolean {
    return this.pace.itemsPerSecond !== null || this.pace.bytesPerSecond !== null;
  }

  /** How many items make up about a second, by their number and their bytes: what is begun at once must not be more, or the rest of it would come in one rush. One at least. */
  itemsAtOnce(most: number, bytesOf: (index: number) => number): number {
    const { itemsPerSecond, bytesPerSecond } = this.pace;
    const itemsMax = itemsPerSecond === null ? most : Math.min(most, Math.floor(itemsPerSecond));
    let items = bytesPerSecond === null ? itemsMax : 0;
    for (let bytes = 0; items < itemsMax; items += 1) {
      bytes += bytesOf(items);
      if (bytesPerSecond !== null && bytes > bytesPerSecond) break;
    }
    return Math.max(1, items);
  }

  /** Rests after an item of so many bytes, or after several that left in one step; no longer than `restMsMax`, as where an order has no more time. */
  async after(bytes: number, items = 1, restMsMax = Infinity): Promise<void> {
    const { itemsPerSecond, bytesPerSecond } = this.pace;
    const earnedMs = MS_PER_SECOND * Math.max(itemsPerSecond === null ? 0 : items / itemsPerSecond, bytesPerSecond === null ? 0 : bytes / bytesPerSecond);
    const nowMs = performance.now();
    this.#dueMs = Math.max(this.#dueMs, nowMs) + earnedMs;
    const restMs = Math.min(this.#dueMs - nowMs, restMsMax);
    if (restMs < REST_MS_MIN || this.stop?.aborted === true) return;
    try {
      await after(restMs, undefined, this.stop === null ? {} : { signal: this.stop });
    } catch {
      return; // The order is to end.
    }
  }
}
