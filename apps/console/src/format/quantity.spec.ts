import { describe, expect, it } from 'vitest';
import { countOf, exactLimitValue, groupedCount, limitValue, limitWords, someOf } from './quantity.js';

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
    expect(limitValue('age', 90 * 86_400)).toBe('90 days');
    expect(exactLimitValue('age', 90 * 86_400)).toBe('7\u202f776\u202f000 seconds');
    expect(limitValue('free-space', 10)).toBe('10 % free');
  });

  it('keeps the words of a source, and helps out a bare number', () => {
    expect(limitWords({ kind: 'bytes', value: 1e9, written: '1 GB' })).toBe('1 GB');
    expect(limitWords({ kind: 'bytes', value: 7e9, written: '7000' })).toBe('7.00 GB');
    expect(limitWords({ kind: 'records', value: 1e6, written: '1000000 records' })).toBe('1\u202f000\u202f000 records');
  });

  it('names some and counts the rest', () => {
    expect([someOf(['a', 'b'], 2), someOf(['a', 'b', 'c', 'd'], 2), someOf([], 2)]).toEqual(['a, b', 'a, b and 2 more', '']);
  });
});
