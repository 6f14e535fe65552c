import { describe, expect, it } from 'vitest';
import { countOf, exactLimitValue, groupedCount, limitValue } from './quantity.js';

describe('quantities', () => {
  it('groups thousands without touching small numbers', () => {
    expect([0, 999, 1000, 18_204, 1_000_000].map(groupedCount)).toEqual(['0', '999', '1\u202f000', '18\u202f204', '1\u202f000\u202f000']);
  });

  it('counts one as one', () => {
    expect([countOf(1, 'server'), countOf(2, 'server'), countOf(0, 'entry', 'entries')]).toEqual(['1 server', '2 servers', '0 entries']);
  });

  it('says a limit in its own unit, rounded and exact', () => {
    expect(limitValue('bytes', 1_310_000_000)).toBe('1.31 GB');
    expect(exactLimitValue('bytes', 1_310_000_001)).toBe('1\u202f310\u202f000\u202f001 bytes');
    expect(limitValue('age', 90 * 86_400)).toBe('2 months');
    expect(exactLimitValue('age', 90 * 86_400)).toBe('7\u202f776\u202f000 seconds');
    expect(limitValue('free-space', 10)).toBe('10 % free');
  });
});
