import { expect, it } from 'vitest';
import { waitBefore } from './backoff.js';

it('waits longer each time, and never for ever', () => {
  expect([1, 2, 3, 4].map((failures) => waitBefore(failures, 0))).toEqual([1000, 2000, 4000, 8000]);
  expect(waitBefore(40, 0)).toBe(30_000);
  expect(waitBefore(1, 1)).toBe(1200);
});
