import { expect, it } from 'vitest';
import { pauseBefore } from './pause-before.js';

it('waits twice as long each time, up to the limit, and half of it by chance', () => {
  expect([0, 1, 2, 3].map((tries) => pauseBefore(tries, undefined, 30_000, 1))).toEqual([250, 500, 1_000, 2_000]);
  expect(pauseBefore(3, undefined, 30_000, 0)).toBe(1_000);
  expect(pauseBefore(1_000_000, undefined, 30_000, 1)).toBe(30_000);
});

it('follows the wish of a receiver up to the limit', () => {
  expect(pauseBefore(0, 5_000, 30_000, 0)).toBe(5_000);
  expect(pauseBefore(0, 86_400_000, 30_000, 0)).toBe(30_000);
});
