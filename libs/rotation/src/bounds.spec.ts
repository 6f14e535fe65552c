import { expect, it } from 'vitest';
import { boundPassed } from './bounds.js';

const BEFORE = { items: 100, bytes: 1_000 };
const WIDE = { items: 1e6, bytes: 1e9, percent: 100 };

it.each([
  ['items', { items: 10, bytes: 1 }, { items: 11, bytes: 1 }, { ...WIDE, items: 10 }, /^11 items would go; the bound is 10$/],
  ['bytes', { items: 1, bytes: 500 }, { items: 1, bytes: 501 }, { ...WIDE, bytes: 500 }, /^501 bytes would go; the bound is 500$/],
  ['percent of the items', { items: 20, bytes: 1 }, { items: 21, bytes: 1 }, { ...WIDE, percent: 20 }, /^21\.0 % of the store would go; the bound is 20 %$/],
  ['percent of the bytes', { items: 1, bytes: 200 }, { items: 1, bytes: 201 }, { ...WIDE, percent: 20 }, /^20\.1 % of the store would go; the bound is 20 %$/],
])('a bound of %s lets through what it names, and not one more', (_what, just, more, bounds, words) => {
  expect(boundPassed(just, BEFORE, bounds)).toBeNull();
  expect(boundPassed(more, BEFORE, bounds)).toMatch(words);
});

it('counts what earlier runs of the order deleted, in the deed and in the whole', () => {
  expect(boundPassed({ items: 5, bytes: 5 }, { items: 95, bytes: 995 }, { ...WIDE, items: 10 }, { items: 5, bytes: 5 })).toBeNull();
  expect(boundPassed({ items: 5, bytes: 5 }, { items: 94, bytes: 994 }, { ...WIDE, items: 10 }, { items: 6, bytes: 6 })).toMatch(/^11 items/);
  expect(boundPassed({ items: 10, bytes: 0 }, { items: 90, bytes: 1_000 }, { ...WIDE, percent: 20 }, { items: 10, bytes: 0 })).toBeNull();
});
