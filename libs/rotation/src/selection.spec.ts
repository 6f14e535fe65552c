import * as fc from 'fast-check';
import type { SkipReason } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { orderOf } from './age-order.js';
import { planRotation } from './plan-rotation.js';
import type { RotationRules } from './rotation-plan.js';
import { Selection } from './selection.js';

const NOW = 1_000_000_000;
const WIDE = { items: 1e9, bytes: 1e15, percent: 100, deadlineSeconds: 60 };
const MANY = 5_000;
const REASONS: readonly (SkipReason | null)[] = [null, null, null, 'hard-linked', 'immutable'];
const moment = fc.oneof(fc.integer({ min: -50, max: NOW }), fc.constant(Number.NaN));
const found = fc.array(fc.record({ bytes: fc.nat(50), atMs: moment, reason: fc.constantFrom(...REASONS) }), { maxLength: 60 });

describe('places by age', () => {
  it.each([20, MANY])('come as a plain sort puts them, of %i values', (count) => {
    const value = fc.oneof(fc.double(), fc.integer({ min: -5, max: 5 }), fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, -0));
    fc.assert(
      fc.property(fc.array(value, { minLength: 3, maxLength: 20 }), fc.array(fc.nat(3), { minLength: 3, maxLength: 20 }), (values, ties) => {
        const column = Float64Array.from({ length: count }, (_value, place) => values[place % values.length] ?? 0);
        const tie = Float64Array.from({ length: count }, (_value, place) => ties[(place * 7) % ties.length] ?? 0);
        const last = (number: number): number => (Number.isNaN(number) ? Infinity : number);
        const compared = (a: number, b: number): number => (last(a) === last(b) ? 0 : last(a) < last(b) ? -1 : 1);
        const plain = Array.from(column, (_value, place) => place).sort((a, b) => compared(column[a] ?? 0, column[b] ?? 0) || compared(tie[a] ?? 0, tie[b] ?? 0) || a - b);
        expect(Array.from(orderOf(column, tie))).toEqual(plain);
      }),
      { numRuns: count > 1_000 ? 30 : 200 },
    );
  });
});

describe('a selection by pieces', () => {
  it('chooses what a plan of the whole chooses, wherever the pieces are cut', () => {
    fc.assert(
      fc.property(found, fc.integer({ min: 1, max: 20 }), fc.nat(8), fc.constantFrom('bytes', 'age', 'records'), (items, piece, newest, kind) => {
        const columns = { bytes: Float64Array.from(items, ({ bytes }) => bytes), atMs: Float64Array.from(items, ({ atMs }) => atMs) };
        const rules: RotationRules = { watermarks: [{ kind, limit: 20, target: 10 }], keep: { newest, youngerThanSeconds: 10 }, bounds: WIDE, holds: [{ id: 'case', store: null, from: instantOf(NOW / 4), until: instantOf(NOW / 2), reason: 'open' }], nowMs: NOW, issuedAtMs: NOW };
        const whole = planRotation({ ...columns, blocked: items.map(({ reason }) => reason) }, rules);
        const order = orderOf(columns.atMs);
        const moments = Array.from(order, (place) => columns.atMs[place] ?? Number.NaN).filter((at) => !Number.isNaN(at));
        const selection = new Selection({ items: items.length, dated: moments.length, bytes: columns.bytes.reduce((sum, bytes) => sum + bytes, 0), oldestMs: moments[0] ?? null, newestMs: moments.at(-1) ?? null }, rules);
        const chosen: number[] = [];
        for (let at = 0; at < order.length && !selection.isOver; at += piece) chosen.push(...selection.take({ ...columns, blockedBy: (place) => items[place]?.reason ?? null }, order.subarray(at, at + piece)));
        expect({ ...selection.plan(), selected: chosen }).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the newest that are kept', () => {
  const columns = (moments: readonly number[]) => ({ bytes: new Float64Array(moments.length).fill(1), atMs: Float64Array.from(moments), blocked: moments.map(() => null) });
  const rulesFor = (newest: number): RotationRules => ({ watermarks: [{ kind: 'records', limit: 1, target: 0 }], keep: { newest, youngerThanSeconds: 0 }, bounds: WIDE, holds: [], nowMs: NOW, issuedAtMs: NOW });

  it('are counted among the items that have a moment: one without may be of any age', () => {
    const plan = planRotation(columns([...Array.from({ length: 20 }, (_, index) => index + 1), ...Array.from({ length: 10 }, () => Number.NaN)]), rulesFor(10));
    expect(plan.selected).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(Object.fromEntries(plan.skipped)).toEqual({ 'kept-newest': 10, 'no-clock': 10 });
  });

  it('never go, however many items have no moment', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: NOW }), { maxLength: 30 }), fc.nat(20), fc.nat(12), (moments, undated, newest) => {
        const { selected } = planRotation(columns([...moments, ...Array.from({ length: undated }, () => Number.NaN)]), rulesFor(newest));
        const youngest = new Set(newest === 0 ? [] : [...moments].sort((a, b) => a - b).slice(-newest));
        expect(selected.filter((place) => youngest.has(moments[place] ?? Number.NaN))).toEqual([]);
        expect(selected).toHaveLength(Math.max(0, moments.length - newest) * (moments.length + undated > 1 ? 1 : 0));
      }),
    );
  });
});

describe('items that hold more than one moment', () => {
  const at = (moments: readonly number[]) => ({ bytes: new Float64Array(moments.length).fill(1), atMs: Float64Array.from(moments), blockedBy: () => null });
  const chosen = (sinceMs: readonly number[], from: number, until: number): number[] => {
    const rules: RotationRules = { watermarks: [{ kind: 'records', limit: 1, target: 0 }], keep: { newest: 0, youngerThanSeconds: 0 }, bounds: WIDE, holds: [{ id: 'case', store: null, from: instantOf(from), until: instantOf(until), reason: 'open' }], nowMs: NOW, issuedAtMs: NOW };
    const selection = new Selection({ items: 3, dated: 3, bytes: 3, oldestMs: 1_000, newestMs: 3_000 }, rules);
    return selection.take({ ...at([1_000, 2_000, 3_000]), sinceMs: (place) => sinceMs[place] ?? -Infinity }, Uint32Array.from([0, 1, 2]));
  };

  it('are held by a hold of any of them', () => {
    expect(chosen([500, 1_500, 2_500], 1_600, 1_700)).toEqual([0, 2]);
    expect(chosen([500, 1_500, 2_500], 1_000, 1_500)).toEqual([2]);
    expect(chosen([500, -Infinity, 2_500], 100, 200)).toEqual([0, 2]);
    // One that claims to have begun after it ended.
    expect(chosen([1_700, 1_500, 2_500], 1_200, 1_300)).toEqual([1, 2]);
  });
});
