import { BATCH_MS_GOAL, HELD_MS_MAX } from '@mailwarden/product-database';
import { describe, expect, it } from 'vitest';
import { BATCH_RECORDS_FIRST, BATCH_RECORDS_MAX, nextBatch } from './batch-size.js';

describe('the size of a batch', () => {
  it('grows while batches are quick, up to a bound, and at most to the double', () => {
    expect(nextBatch(200, 1)).toBe(400);
    expect(nextBatch(4_000, 1)).toBe(BATCH_RECORDS_MAX);
    expect(nextBatch(200, 1, 300)).toBe(300);
  });

  it('begins so small that rows of a quarter of a millisecond do not pass the goal', () => {
    expect(BATCH_RECORDS_FIRST * 0.25).toBeLessThanOrEqual(BATCH_MS_GOAL);
  });

  it('shrinks at once to what the goal leaves, and never to nothing', () => {
    expect(nextBatch(1_000, 500)).toBe(100);
    expect(nextBatch(1, 5_000)).toBe(1);
  });

  it.each([0.01, 0.2, 5, 40])('comes to the goal, and stays below what may be held, when a record takes %d ms', (recordMs) => {
    let records = BATCH_RECORDS_FIRST;
    for (let batch = 0; batch < 20; batch += 1) records = nextBatch(records, records * recordMs);
    expect(records === 1 || records * recordMs <= BATCH_MS_GOAL).toBe(true);
    expect(records * recordMs).toBeLessThan(HELD_MS_MAX);
  });
});
