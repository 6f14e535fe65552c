import { AGE_CLASS_SECONDS, type Hold, type Watermark } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { foretell, passedKinds, type ForetoldRule } from './foretell.js';
import type { RecordedState } from './recorded-state.js';

const NOW_MS = Date.UTC(2026, 10, 25);
const DAY_MS = 86_400_000;
const rule = (watermarks: Watermark[], change: Partial<ForetoldRule> = {}): ForetoldRule => ({ watermarks, keep: { newest: 0, youngerThanSeconds: 60 }, bounds: { items: 1e6, bytes: 1e12, percent: 100, deadlineSeconds: 60 }, rotatable: true, ...change });
const bytes = (limit: number, target = limit): Watermark => ({ kind: 'bytes', limit, target });
const age = (days: number): Watermark => ({ kind: 'age', limit: days * 86_400, target: days * 86_400 });
/** Ten items of ten bytes a class: up to an hour, a day, 7, 30, 90, 365 days, and older. */
const spread = { items: AGE_CLASS_SECONDS.map(() => 10).concat(10), bytes: AGE_CLASS_SECONDS.map(() => 100).concat(100) };
const state = (change: Partial<RecordedState> = {}): RecordedState => ({ measuredAtMs: NOW_MS, items: 70, records: null, bytes: 700, oldestMs: NOW_MS - 400 * DAY_MS, newestMs: NOW_MS - 600_000, room: null, ages: spread, sizes: { items: [70, 0, 0, 0, 0, 0], bytes: [700, 0, 0, 0, 0, 0] }, ...change });
const hold = (from: number | null, until: number | null, change: Partial<Hold> = {}): Hold => ({ id: 'case', store: null, from: from === null ? null : instantOf(NOW_MS - from * DAY_MS), until: until === null ? null : instantOf(NOW_MS - until * DAY_MS), reason: 'A case', ...change });
const told = (given: ForetoldRule, recorded: RecordedState = state(), holds: readonly Hold[] = []) => foretell(given, recorded, holds, NOW_MS);

describe('what recorded state foretells', () => {
  it('is nothing under the limits, and nothing known where the limit was not measured', () => {
    expect(told(rule([bytes(700)]))).toMatchObject({ state: 'in-order', wouldDelete: { items: 0, bytes: 0 }, passed: [] });
    expect(told(rule([bytes(1)]), state({ bytes: null }))).toMatchObject({ state: 'unmeasured' });
    expect(passedKinds(rule([{ kind: 'free-space', limit: 20, target: 25 }]), state({ room: { totalBytes: 1000, freeBytes: 100 } }), NOW_MS)).toEqual(['free-space']);
  });

  it('takes whole classes from the oldest, exactly, and divides one by estimate, which it says', () => {
    expect(told(rule([bytes(600, 500)]))).toMatchObject({ state: 'would-delete', wouldDelete: { items: 20, bytes: 200 }, exact: true, reason: '' });
    const part = told(rule([bytes(600, 450)]));
    expect(part).toMatchObject({ wouldDelete: { items: 25, bytes: 250 }, exact: false, reason: 'estimated from classes of age and size' });
    expect(part.most).toEqual({ items: 30, bytes: 300 });
    expect([part.oldestMs, (part.newestMs ?? 0) < NOW_MS - 30 * DAY_MS]).toEqual([NOW_MS - 400 * DAY_MS, true]);
  });

  it('goes by age: what lies in older classes goes, of the one that holds the edge a part', () => {
    expect(told(rule([age(90)]))).toMatchObject({ wouldDelete: { items: 20 }, exact: true });
    expect(told(rule([age(60)]))).toMatchObject({ wouldDelete: { items: 25 }, most: { items: 30 }, exact: false });
    expect(told(rule([age(500)])).state).toBe('in-order');
  });

  it('counts records and inodes, keeps the newest and the young, and meets several limits at once', () => {
    expect(told(rule([{ kind: 'records', limit: 50, target: 40 }])).wouldDelete.items).toBe(30);
    expect(told(rule([{ kind: 'inodes', limit: 50, target: 1 }], { keep: { newest: 65, youngerThanSeconds: 60 } }))).toMatchObject({ wouldDelete: { items: 5 }, reason: expect.stringContaining('does not bring the store under its limit') as string });
    expect(told(rule([bytes(600, 500), { kind: 'records', limit: 50, target: 40 }])).wouldDelete.items).toBe(30);
    expect(told(rule([bytes(600, 0)], { keep: { newest: 0, youngerThanSeconds: 30 * 86_400 } })).wouldDelete.items).toBe(30);
  });

  it('stops at bounds, and at what the profile keeps', () => {
    expect(told(rule([bytes(600, 500)], { bounds: { items: 19, bytes: 1e9, percent: 100, deadlineSeconds: 1 } }))).toMatchObject({ state: 'over-bounds', reason: expect.stringContaining('20 items would go') as string });
    expect(told(rule([bytes(600, 500)], { rotatable: false }))).toMatchObject({ state: 'not-rotatable', wouldDelete: { items: 0 } });
  });

  it('leaves what is held, and says when the store stays over its limit because of it', () => {
    expect(told(rule([bytes(600, 500)]), state(), [hold(null, null)])).toMatchObject({ state: 'held', wouldDelete: { items: 0 } });
    expect(told(rule([bytes(600, 500)]), state(), [hold(null, 90)])).toMatchObject({ state: 'would-delete', wouldDelete: { items: 20 }, newestMs: expect.any(Number) as number });
    expect(told(rule([bytes(600, 0)]), state(), [hold(null, 90)])).toMatchObject({ state: 'held', wouldDelete: { items: 50 } });
    expect(told(rule([bytes(600, 500)]), state(), [hold(1, null)])).toMatchObject({ state: 'would-delete', wouldDelete: { items: 20 } });
    expect(told(rule([bytes(600, 500)]), state(), [hold(null, null, { messages: ['a'.repeat(64) as never] })])).toMatchObject({ state: 'would-delete', reason: expect.stringContaining('single letters') as string });
  });

  it('knows a store without classes of age by its ends alone', () => {
    const plain = state({ ages: null, sizes: null, oldestMs: NOW_MS - 100 * DAY_MS, newestMs: NOW_MS });
    expect(told(rule([bytes(600, 350)], { keep: { newest: 0, youngerThanSeconds: 0 } }), plain)).toMatchObject({ wouldDelete: { items: 35, bytes: 350 }, exact: false });
    expect(told(rule([bytes(1, 0)]), state({ items: 0, bytes: 0, oldestMs: null, newestMs: null, ages: null }))).toMatchObject({ state: 'in-order' });
  });
});
