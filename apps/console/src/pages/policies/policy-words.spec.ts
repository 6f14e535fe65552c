import { describe, expect, it } from 'vitest';
import { answeredWords, applyButton, consequenceOf, totalsWords } from './policy-words.js';

const NOW = Date.parse('2026-11-25T00:00:00.000Z');
type Totals = Parameters<typeof totalsWords>[0];
type Change = Parameters<typeof consequenceOf>[0];
const totals = (mode: Totals['mode'], items = 5_012): Totals => ({ policy: 'cap', mode, wouldDelete: { items, bytes: items * 1_000, servers: 1, stores: 2 }, oldestAt: '2026-11-15T00:00:00.000Z', states: {} }) as unknown as Totals;
const change = (part: Partial<Change> = {}): Change => ({ policy: 'cap', kind: 'retention', change: 'changed', version: null, before: null, after: null, ...part }) as Change;

describe('what a policy comes to, in words', () => {
  it('tells how much, from where and how old', () => {
    expect(totalsWords(totals('enforce'), NOW)).toBe('5\u202f012 entries, 5.01 MB would go: from 2 stores on 1 server, the oldest 10 days old.');
    expect(totalsWords(totals('enforce', 0), NOW)).toBe('Nothing would go.');
    expect(totalsWords({ ...totals('enforce', 0), states: { 'over-bounds': 1, held: 2 } as Totals['states'] }, NOW)).toBe('Nothing would go: 1 store over a limit is stopped by the bounds of the policy, 2 stores are held.');
  });

  it('keeps a policy that watches or asks apart from one that deletes', () => {
    expect(consequenceOf(change(), totals('enforce'), NOW)).toMatch(/^cap deletes from now on/);
    expect(consequenceOf(change(), totals('observe'), NOW)).toMatch(/^cap deletes nothing.*if the policy were enforced/);
    expect(consequenceOf(change(), totals('ask'), NOW)).toMatch(/^cap asks for approval/);
  });

  it('knows holds and what is withdrawn', () => {
    expect(consequenceOf(change({ kind: 'hold', change: 'new' }), undefined, NOW)).toContain('holds at once');
    expect(consequenceOf(change({ kind: 'hold', change: 'removed' }), undefined, NOW)).toContain('may go again');
    expect(consequenceOf(change({ change: 'removed' }), undefined, NOW)).toContain('gives no further orders');
  });

  it('says on the button what goes, and only where it goes', () => {
    expect(applyButton([change()], [totals('enforce')])).toBe('Apply cap, and delete about 5\u202f012 entries, 5.01 MB');
    expect(applyButton([change()], [totals('observe')])).toBe('Apply cap');
    expect(applyButton([change(), change({ policy: 'b' })], [])).toBe('Apply 2 policies');
  });

  it('adds up what hosts answered, and never takes silence for nothing', () => {
    const answer = (items: number | null) => ({ receipt: items === null ? null : { planned: { items, bytes: items * 1_000 } } });
    const words = (...answers: (number | null)[]) => answeredWords({ orders: answers.map(answer) } as unknown as Parameters<typeof answeredWords>[0]);
    expect(words()).toContain('none was asked');
    expect(words(null, null)).toBe('0 of 2 stores answered.');
    expect(words(5, null)).toBe('1 of 2 stores answered: exactly 5 entries, 5.00 KB would go. Nothing was deleted.');
    expect(words(0)).toBe('1 of 1 store answered: nothing would go. Nothing was deleted.');
  });
});
