import type { Hold } from '@mailwarden/contracts';
import { describe, expect, it } from 'vitest';
import { LineChoice, type LineRules } from './choose-lines.js';
import { cutRange } from './cut-range.js';

const NOW = Date.UTC(2026, 10, 25);
const MINUTE_MS = 60_000;
const LINE_BYTES = 100;
const COUNT = 50;
/** One line a minute, the last of them now. */
const momentOf = (number: number): number => NOW - (COUNT - 1 - number) * MINUTE_MS;
const at = (number: number): string => new Date(momentOf(number)).toISOString();
const hold = (from: number, until: number): Hold => ({ id: 'case', store: null, from: at(from), until: at(until), reason: 'A case' }) as unknown as Hold;

function chosen(part: Partial<LineRules> & { items?: number; bytes?: number; olderThanMs?: number | null }): LineChoice {
  const { items = 0, bytes = 0, olderThanMs = null, ...rules } = part;
  const choice = new LineChoice({ excess: { kinds: ['records'], items, bytes, olderThanMs }, keep: { newest: 0, youngerThanSeconds: 0 }, holds: [], nowMs: NOW, records: COUNT, ...rules });
  for (let number = 0; number < COUNT; number += 1) if (!choice.line(number * LINE_BYTES, (number + 1) * LINE_BYTES, momentOf(number))) break;
  return choice;
}
/** 50 lines in a packed generation, from one moment to another; NaN where they tell of none. */
const bundle = (oldestMs: number, newestMs: number) => ({ records: 50, bytes: 500, oldestMs, newestMs, told: { fromMs: oldestMs, untilMs: newestMs } });
const stretch = (from: number, until: number) => ({ start: from * LINE_BYTES, end: until * LINE_BYTES, records: until - from });

describe('lines that leave', () => {
  it('are as many as a limit asks for, and not one more', () => {
    expect(chosen({ items: 7 }).take()).toEqual([stretch(0, 7)]);
    expect(chosen({ bytes: 601 }).take()).toEqual([stretch(0, 7)]);
    expect(chosen({ olderThanMs: momentOf(7) }).take()).toEqual([stretch(0, 7)]);
    expect(chosen({ items: 3, bytes: 601 }).staysOver).toBe(false);
    expect(chosen({}).take()).toEqual([]);
  });

  it('never are the newest, young or held ones, and what stays over is told', () => {
    const newest = chosen({ items: COUNT, keep: { newest: 10, youngerThanSeconds: 0 } });
    expect([newest.take(), newest.staysOver, newest.skipped.get('kept-newest')]).toEqual([[stretch(0, 40)], true, 1]);
    const young = chosen({ items: COUNT, keep: { newest: 0, youngerThanSeconds: 20 * 60 } });
    expect([young.take(), young.skipped.get('in-quiet-period')]).toEqual([[stretch(0, 30)], 1]);
    const held = chosen({ items: 20, holds: [hold(5, 9)] });
    expect([held.take(), held.staysOver, held.skipped.get('held')]).toEqual([[stretch(0, 5), stretch(10, 25)], false, 5]);
    const aged = chosen({ olderThanMs: momentOf(20), holds: [hold(0, 9)] });
    expect([aged.take(), aged.staysOver]).toEqual([[stretch(10, 20)], true]);
  });

  it('are none of those that tell no moment, where moments matter', () => {
    const choice = new LineChoice({ excess: { kinds: ['records'], items: 5, bytes: 0, olderThanMs: null }, keep: { newest: 0, youngerThanSeconds: 0 }, holds: [hold(0, 1)], nowMs: NOW, records: 2 });
    expect([choice.line(0, 9, Number.NaN), choice.take(), choice.skipped.get('held')]).toEqual([true, [], 1]);
  });

  it('leave with a packed generation whole or not at all', () => {
    const rules = { keep: { newest: 0, youngerThanSeconds: 0 }, holds: [], nowMs: NOW, records: 100 };
    const choice = new LineChoice({ excess: { kinds: ['records'], items: 60, bytes: 0, olderThanMs: null }, ...rules });
    expect([choice.whole(bundle(0, 1)), choice.whole(bundle(2, 3)), choice.isOver, choice.planned.items]).toEqual([true, false, true, 50]);
    expect(new LineChoice({ excess: { kinds: ['records'], items: 60, bytes: 0, olderThanMs: null }, ...rules, keep: { newest: 51, youngerThanSeconds: 0 } }).whole(bundle(0, 1))).toBe(false);
  });

  it.each([
    ['tell no moment', bundle(Number.NaN, Number.NaN), 'held'],
    ['are held in part', bundle(momentOf(9), momentOf(20)), 'held'],
    ['may be of any earlier time', { ...bundle(momentOf(20), momentOf(20)), told: { fromMs: -Infinity, untilMs: momentOf(20) } }, 'held'],
    ['are of another time', bundle(momentOf(10), momentOf(20)), undefined],
  ] as const)('stay, packed, under a hold where they %s', (_what, one, reason) => {
    const rules = { excess: { kinds: ['records' as const], items: 160, bytes: 0, olderThanMs: null }, keep: { newest: 0, youngerThanSeconds: 0 }, nowMs: NOW, records: 200 };
    const choice = new LineChoice({ ...rules, holds: [hold(5, 9)] });
    expect([choice.whole(one), choice.isOver, choice.staysOver, [...choice.skipped]]).toEqual([reason === undefined, reason !== undefined, true, reason === undefined ? [] : [[reason, 50]]]);
  });

  it('stay, packed, where nobody can tell whether they are young', () => {
    const rules = { excess: { kinds: ['records' as const], items: 160, bytes: 0, olderThanMs: null }, nowMs: NOW, records: 200 };
    const young = new LineChoice({ ...rules, holds: [], keep: { newest: 0, youngerThanSeconds: 60 } });
    expect([young.whole(bundle(Number.NaN, Number.NaN)), young.isOver, young.skipped.get('no-clock')]).toEqual([false, true, 50]);
  });

  it('tell no moment of their own where none of them does, packed', () => {
    const choice = new LineChoice({ excess: { kinds: ['records'], items: 160, bytes: 0, olderThanMs: null }, keep: { newest: 0, youngerThanSeconds: 0 }, holds: [], nowMs: NOW, records: 200 });
    choice.whole(bundle(Number.NaN, Number.NaN));
    expect(choice.planned).toEqual({ items: 50, bytes: 500, oldestMs: null, newestMs: null });
    choice.whole(bundle(5, 9));
    choice.whole(bundle(2, 7));
    expect(choice.planned).toMatchObject({ oldestMs: 2, newestMs: 9 });
  });

  it('are held by what they say of themselves, and not by their file', () => {
    const choice = new LineChoice({ excess: { kinds: ['records'], items: 3, bytes: 0, olderThanMs: null }, keep: { newest: 0, youngerThanSeconds: 0 }, holds: [hold(0, 1)], nowMs: NOW, records: 3 });
    expect([choice.line(0, 9, NOW, Number.NaN), choice.line(9, 18, NOW, momentOf(1)), choice.line(18, 27, NOW, momentOf(2))]).toEqual([true, true, true]);
    expect([choice.take(), choice.skipped.get('held')]).toEqual([[{ start: 18, end: 27, records: 1 }], 2]);
  });

  it('are not the newest, whatever is not handed over', () => {
    const choice = new LineChoice({ excess: { kinds: ['records'], items: 3, bytes: 0, olderThanMs: null }, keep: { newest: 2, youngerThanSeconds: 0 }, holds: [], nowMs: NOW, records: 10 });
    choice.leave('excluded', 4);
    choice.leave('excluded', 3);
    choice.after(7);
    expect([choice.line(0, 9, 0), choice.line(9, 18, 0), choice.planned.items, [...choice.skipped]]).toEqual([true, false, 1, [['excluded', 7], ['kept-newest', 1]]]);
  });
});

describe('a stretch along the blocks of a file', () => {
  it.each([
    ['at the head, ending within a block', { start: 0, end: 10_000 }, 20_000, { blanks: [{ start: 8192, end: 10_000 }], collapse: { start: 0, end: 8192 } }],
    ['at the head, ending with a block', { start: 0, end: 8192 }, 20_000, { blanks: [], collapse: { start: 0, end: 8192 } }],
    ['in the middle', { start: 100, end: 10_000 }, 20_000, { blanks: [{ start: 100, end: 4096 }, { start: 8192, end: 10_000 }], collapse: { start: 4096, end: 8192 } }],
    ['within one block', { start: 100, end: 3000 }, 20_000, { blanks: [{ start: 100, end: 3000 }], collapse: null }],
    ['all of a file: one block stays', { start: 0, end: 8192 }, 8192, { blanks: [{ start: 4096, end: 8192 }], collapse: { start: 0, end: 4096 } }],
  ])('%s', (_where, stretchOf, size, expected) => expect(cutRange(stretchOf, 4096, size)).toEqual(expected));
});
