import { outOfPatience, type Patience } from '../patience.js';
import { carryOutBatch, moveOf, type FileWork } from './file-batch.js';
import type { FoundItem } from './find-items.js';
import type { Deleted } from '../outcome.js';

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
