import { describe, expect, it } from 'vitest';
import { toldCount } from './told-count.js';

describe('a count that a database told', () => {
  it.each<[unknown, number]>([[0, 0], ['12', 12], [7n, 7], [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]])('%s counts', (told, count) => expect(toldCount(told)).toBe(count));
  it.each([NaN, -1, Infinity, 1.5, '', 'many', '-3', '0.5', null, undefined, true, [], {}, 2 ** 60, Buffer.from('1')])('%s is none', (told) => expect(() => toldCount(told)).toThrow(RangeError));
});
