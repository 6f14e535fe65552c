import { BATCH_MS_GOAL } from '@mailwarden/product-database';

/** Records of the first batch: few, because nobody knows yet how long they take. */
export const BATCH_RECORDS_FIRST = 200;
/** Larger batches gain nothing, and their announcement grows. */
export const BATCH_RECORDS_MAX = 5_000;
const GROWTH_MAX = 2;

/** How many records the next batch takes, by how long the last one was held. Units: records, milliseconds. */
export function nextBatch(records: number, heldMs: number, recordsMax = BATCH_RECORDS_MAX): number {
  const wished = Math.floor((records * BATCH_MS_GOAL) / Math.max(1, heldMs));
  return Math.max(1, Math.min(recordsMax, BATCH_RECORDS_MAX, records * GROWTH_MAX, wished));
}
