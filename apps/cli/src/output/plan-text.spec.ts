import type { ExactPlans, PolicyPlan } from '@mailwarden/contracts';
import { describe, expect, it } from 'vitest';
import { exactText, planText } from './plan-text.js';
import { PLAIN } from './terminal.js';

const NOW = Date.parse('2026-11-25T00:00:00.000Z');
const totals = (part: object): object => ({ policy: 'cap', mode: 'enforce', change: 'same', servers: 2, stores: 2, states: { 'in-order': 1, 'would-delete': 1, 'over-bounds': 0, held: 0, 'not-rotatable': 0, unmeasured: 0 }, wouldDelete: { items: 3, bytes: 3_000, servers: 1, stores: 1 }, oldestAt: '2026-11-15T00:00:00.000Z', ...part });
const plan = (part: object, rows: readonly object[] = [], rowsLeft = 0): string => planText({ at: '', totals: [totals(part)], rows, rowsLeft, mistakes: [] } as unknown as PolicyPlan, NOW, PLAIN).join('\n');

describe('a plan in words', () => {
  it('tells how much would go, from where and how old', () => {
    const text = plan({}, [{ server: 'mx-1', profile: 'p', store: 'backup', policy: 'cap', state: 'would-delete', passed: ['bytes'], before: { items: 10, bytes: 9_000 }, wouldDelete: { items: 3, bytes: 3_000 }, oldestAt: '2026-11-15T00:00:00.000Z', newestAt: null, measuredAt: null, reason: 'estimated' }], 7);
    expect(text).toContain('3 items, 3.00 KB would go, from 1 store on 1 server; the oldest 10 days old');
    expect(text).toContain('1 in order, 1 over a limit');
    expect(text).toMatch(/mx-1 +backup +cap +over a limit +bytes +10 items, 9\.00 KB +3 items, 3\.00 KB +10 days old +estimated/);
    expect(text).toContain('and 7 more rows');
  });

  it('never says of a policy that only watches that it would delete', () => {
    expect(plan({ mode: 'observe' })).toContain('would go if it were enforced');
    expect(plan({ mode: 'ask' })).toContain('would go once approved');
  });

  it('says plainly that nothing would go', () => {
    expect(plan({ wouldDelete: { items: 0, bytes: 0, servers: 0, stores: 0 }, oldestAt: null })).toContain('nothing would go');
    expect(plan({ states: { 'over-bounds': 2, held: 1 }, wouldDelete: { items: 0, bytes: 0, servers: 0, stores: 0 }, oldestAt: null })).toContain('nothing would go, although over a limit: 2 stores stopped by its bounds, 1 store held');
    expect(planText({ at: '', totals: [], rows: [], rowsLeft: 0, mistakes: [] } as unknown as PolicyPlan, NOW, PLAIN)).toEqual(['No retention policy stands, so nothing would go.']);
  });
});

describe('an exact plan in words', () => {
  const order = { order: 'o', server: 'mx-1', profile: 'p', store: 'backup', policy: 'cap' };
  const exact = (part: object): string => exactText({ orders: [{ ...order, ...part }] } as unknown as ExactPlans, NOW, PLAIN).join('\n');
  it('keeps apart who has not answered yet and who never will', () => {
    expect(exact({ receipt: null, expired: false })).toContain('no answer yet');
    expect(exact({ receipt: null, expired: true })).toContain('before the order expired');
  });
  it('shows totals and hashes, and what was refused', () => {
    const receipt = { before: { items: 9, bytes: 9_000 }, planned: { items: 2, bytes: 2_000, oldestAt: '2026-11-15T00:00:00.000Z', newestAt: null, digest: 'd'.repeat(64) }, skipped: [{ reason: 'held', items: 4 }], outcome: 'planned', reason: '', samples: [{ name: 'a'.repeat(64), bytes: 1_000, at: '2026-11-15T00:00:00.000Z' }], notes: ['a note'] };
    const text = exact({ receipt, expired: false });
    for (const part of ['would go  2 items, 2.00 KB', 'stay      4 held', `samples   ${'a'.repeat(12)} 1.00 KB 10 days old`, 'note      a note', 'd'.repeat(64)]) expect(text).toContain(part);
    expect(exact({ receipt: { ...receipt, outcome: 'refused', reason: 'unknown key' }, expired: false })).toContain('refused: unknown key');
  });
});
