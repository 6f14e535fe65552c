import { performance } from 'node:perf_hooks';
import { CLOCK_APART_MS_MAX } from '@mailwarden/rotation';
import { carryOutBatch, moveOf, type FileWork } from './file-batch.js';
import type { FoundItem } from './find-items.js';
import type { Deleted } from './outcome.js';

/** Files of one batch, at least: one announcement, one account, one sync for each folder in it. */
const BATCH_FILES_MIN = 1_024;
const BATCH_FILES_MAX = 8_192;
/** A sync costs as much as many moves, so that a store of many folders gets larger batches. */
const FILES_PER_SYNC = 16;

/** How many files leave together. Where rows leave too their transaction stays short, so that the product never waits for us. */
function batchSize(items: readonly FoundItem[], withRows: boolean): number {
  const folders = new Set(items.map((item) => `${item.root} ${item.folder}`)).size;
  return withRows ? BATCH_FILES_MIN : Math.min(BATCH_FILES_MAX, Math.max(BATCH_FILES_MIN, folders * FILES_PER_SYNC));
}

/** How long an order may take, by a clock that does not jump, and whether one that does may end it. */
export interface Patience {
  readonly startedMonotonicMs: number;
  readonly startedMs: number;
  readonly deadlineSeconds: number;
  readonly now: () => number;
  /** Age is what asks for deletion: then the clock on the wall must go as the other one does. */
  readonly byAge: boolean;
}

/** Why an order must stop here, between two batches; null when it may go on. */
export function outOfPatience({ startedMonotonicMs, startedMs, deadlineSeconds, now, byAge }: Patience): string | null {
  const passedMs = performance.now() - startedMonotonicMs;
  if (passedMs >= deadlineSeconds * 1000) return `the time of ${deadlineSeconds} s ran out`;
  const apartMs = Math.abs(now() - startedMs - passedMs);
  return byAge && apartMs > CLOCK_APART_MS_MAX ? 'the clock of the host jumped while the order was carried out, so ages cannot be told' : null;
}

/** Deletes the planned files, batch by batch, the oldest batch first. Returns why it stopped before the end; null when it did not. */
export async function carryOutFiles(work: FileWork, items: readonly FoundItem[], firstSlot: number, deleted: Deleted, patience: Patience): Promise<string | null> {
  const batch = batchSize(items, work.otherHalf !== null);
  for (let at = 0; at < items.length; at += batch) {
    const stopped = outOfPatience(patience);
    if (stopped !== null) return stopped;
    const moves = items.slice(at, at + batch).map((item, index) => moveOf(item, firstSlot + at + index, work.folders.placeOf(item.root)));
    await carryOutBatch(work, moves, deleted);
  }
  return null;
}
