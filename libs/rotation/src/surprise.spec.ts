import { instantOf } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { isFailure, itemMsOf, surpriseOf, type Expectation } from './surprise.js';

type Given = Parameters<typeof surpriseOf>[0];
const GIB = 2 ** 30;
const receipt = (change: Partial<{ outcome: Given['outcome']; planned: number; deleted: number; bytes: number; ms: number }> = {}): Given => {
  const { outcome = 'completed', planned = 1_000, deleted = 1_000, bytes = GIB, ms = 10_000 } = change;
  return { outcome, planned: { items: planned, bytes } as Given['planned'], deleted: { items: deleted, bytes }, clock: { wallMs: ms, monotonicMs: ms } };
};
const expected = (change: Partial<Expectation> = {}): Expectation => ({ foretold: { items: 1_000, bytes: GIB }, medianItemMs: 10, stopOn: { skippedPercent: 20, deletedPercent: 150, slowerTimes: 10 }, ...change });

describe('a receipt', () => {
  it('is no surprise when it is as foretold, or nearly', () => {
    for (const given of [receipt(), receipt({ deleted: 800 }), receipt({ deleted: 1_500, planned: 1_500, bytes: 1.5 * GIB }), receipt({ ms: 100_000 }), receipt({ outcome: 'marked', deleted: 0 })]) expect(surpriseOf(given, expected())).toBeNull();
  });

  it('surprises when more was skipped, more was deleted, or it went slower', () => {
    expect(surpriseOf(receipt({ deleted: 799 }), expected())).toContain('20.1 % of what was planned was skipped');
    expect(surpriseOf(receipt({ deleted: 1_501, planned: 1_501 }), expected())).toContain('1501 items');
    expect(surpriseOf(receipt({ bytes: 1.6 * GIB }), expected())).toContain('were foretold');
    expect(surpriseOf(receipt({ ms: 100_001 }), expected())).toContain('an item took');
  });

  it('is not held against what nobody foretold, against small numbers, or against its own start', () => {
    expect(surpriseOf(receipt({ bytes: 9 * GIB }), expected({ foretold: null }))).toBeNull();
    expect(surpriseOf(receipt({ planned: 90, deleted: 90, bytes: 1e6, ms: 500 }), expected({ foretold: { items: 1, bytes: 1 } }))).toBeNull();
    expect(surpriseOf(receipt({ planned: 1, deleted: 1, ms: 4_999 }), expected())).toBeNull();
    expect(surpriseOf(receipt({ ms: 1e9 }), expected({ medianItemMs: null }))).toBeNull();
    expect(itemMsOf(receipt({ deleted: 0 }))).toBeNull();
  });

  it('is a failure when it did not end well, unless it came too late to be tried', () => {
    const at = (outcome: 'refused' | 'failed' | 'stopped' | 'completed' | 'marked', finishedMs: number): boolean => isFailure({ outcome, finishedAt: instantOf(finishedMs) }, instantOf(10));
    expect([at('failed', 99), at('stopped', 1), at('refused', 1), at('refused', 11), at('completed', 1), at('marked', 1)]).toEqual([true, true, true, false, false, false]);
  });
});
