import { describe, expect, it } from 'vitest';
import { choiceSql, isChosen, type MomentSql } from './choice-condition.js';

const SQL: MomentSql = { isMoment: 'at IS NOT NULL', compare: (operator, ms) => `at ${operator} ${ms}`, milliseconds: 'at', order: 'at' };

describe('which rows may go, as SQL', () => {
  it('is any with a moment, before a moment, and outside what is held with both ends taken in', () => {
    expect(choiceSql({ beforeMs: Infinity, held: [] }, SQL)).toBe('at IS NOT NULL');
    expect(choiceSql({ beforeMs: 9, held: [{ fromMs: 2, untilMs: 4 }] }, SQL)).toBe('at IS NOT NULL AND at < 9 AND NOT (at >= 2 AND at < 5)');
    expect(choiceSql({ beforeMs: 9, held: [{ fromMs: 2, untilMs: Infinity }, { fromMs: -Infinity, untilMs: 1 }] }, SQL)).toBe('at IS NOT NULL AND at < 9 AND NOT (at >= 2) AND NOT (at < 2)');
  });

  it('is none at all under a hold without ends, and before the beginning of time', () => {
    expect(choiceSql({ beforeMs: Infinity, held: [{ fromMs: -Infinity, untilMs: Infinity }] }, SQL)).toContain('1 = 0');
    expect(choiceSql({ beforeMs: -Infinity, held: [] }, SQL)).toContain('1 = 0');
    expect(isChosen(5, { beforeMs: Infinity, held: [{ fromMs: -Infinity, untilMs: Infinity }] })).toBe(false);
  });

  it('is told the same for a moment at hand', () => {
    const choice = { beforeMs: 9, held: [{ fromMs: 2, untilMs: 4 }] };
    expect([1, 2, 4, 4.9, 5, 8, 9].filter((ms) => isChosen(ms, choice))).toEqual([1, 5, 8]);
  });
});
