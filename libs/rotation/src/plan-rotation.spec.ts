import type { Watermark } from '@mailwarden/contracts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barredBy, planRotation } from './plan-rotation.js';
import type { ItemColumns, PlanRequest } from './rotation-plan.js';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const HOUR = 3_600_000;
type Item = readonly [bytes: number, ageHours: number, barred?: number];

const columns = (items: readonly Item[]): ItemColumns => ({
  count: items.length,
  bytes: Float64Array.from(items, ([bytes]) => bytes),
  atMs: Float64Array.from(items, ([, age]) => NOW - age * HOUR),
  barred: Uint8Array.from(items, ([, , barred]) => barred ?? 0),
});
const request = (items: readonly Item[], watermarks: readonly Watermark[], more: Partial<PlanRequest> = {}): PlanRequest => ({
  items: columns(items),
  watermarks,
  keep: { newest: 0, youngerThanSeconds: 0 },
  bounds: { items: 1e9, bytes: 1e15, percent: 100 },
  holds: [],
  nowMs: NOW,
  issuedAtMs: NOW - 1000,
  ...more,
});
const bytes = (limit: number, target: number): Watermark => ({ kind: 'bytes', limit, target });

describe('what an order takes', () => {
  it('goes oldest first to the low watermark', () => {
    const plan = planRotation(request([[40, 1], [40, 3], [40, 2]], [bytes(100, 80)]));
    expect(plan).toMatchObject({ outcome: 'delete', exceeded: ['bytes'], planned: { items: 1, bytes: 40 }, before: { items: 3, bytes: 120 } });
    expect([...plan.selected]).toEqual([1]);
  });
  it('takes nothing at the limit itself', () => {
    expect(planRotation(request([[50, 1], [50, 2]], [bytes(100, 80)])).outcome).toBe('nothing-to-do');
  });
  it('serves the limit of age from what is older than its target', () => {
    const plan = planRotation(request([[1, 30], [1, 20], [1, 5]], [{ kind: 'age', limit: 24 * 3600, target: 10 * 3600 }]));
    expect([...plan.selected]).toEqual([0, 1]);
  });
  it('stops before the first deletion above any bound', () => {
    const items: Item[] = [[40, 3], [40, 2], [40, 1]];
    for (const bounds of [{ items: 1, bytes: 1e9, percent: 100 }, { items: 9, bytes: 79, percent: 100 }, { items: 9, bytes: 1e9, percent: 60 }]) {
      expect(planRotation(request(items, [bytes(100, 40)], { bounds }))).toMatchObject({ outcome: 'stopped', selected: new Uint32Array(0), planned: { items: 2 } });
    }
  });
  it('does not believe a clock that runs behind, or items from the future, when age decides', () => {
    const age: Watermark = { kind: 'age', limit: 3600, target: 3600 };
    expect(planRotation(request([[1, 30]], [age], { issuedAtMs: NOW + HOUR })).outcome).toBe('stopped');
    expect(planRotation(request([[1, 30]], [age], { issuedAtMs: NOW - 100 * HOUR })).outcome).toBe('stopped');
    expect(planRotation(request([[1, 30], [1, -5]], [age])).outcome).toBe('stopped');
    expect(planRotation(request([[9, 30], [9, -5]], [bytes(10, 9)])).outcome).toBe('delete');
  });
  it('refuses a watermark that makes no sense', () => {
    for (const watermark of [bytes(10, 11), bytes(0, 0), { kind: 'free-space', limit: 10, target: 5 } as const]) {
      expect(planRotation(request([[40, 1]], [watermark])).outcome).toBe('stopped');
    }
  });
  it('names why it passed something over', () => {
    const plan = planRotation(
      request([[9, 9, barredBy('hard-linked')], [9, 8], [9, 7], [9, NaN], [9, 2]], [bytes(10, 0)], { holds: [{ fromMs: NOW - 8 * HOUR, untilMs: NOW - 8 * HOUR }], keep: { newest: 1, youngerThanSeconds: 3600 } }),
    );
    expect([...plan.selected]).toEqual([2]);
    expect(plan.skipped).toEqual({ 'hard-linked': 1, held: 1, 'kept-newest': 1, 'no-clock': 1 });
  });
});

const item = fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.oneof(fc.integer({ min: 0, max: 200 }), fc.constant(NaN)), fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 15 }) }));
const watermark = fc.tuple(fc.constantFrom('bytes' as const, 'records' as const, 'age' as const), fc.integer({ min: 1, max: 20_000 }), fc.double({ min: 0, max: 1, noNaN: true })).map(([kind, limit, part]): Watermark => ({ kind, limit, target: limit * part }));
const anyRequest = fc
  .record({ items: fc.array(item, { maxLength: 60 }), marks: fc.array(watermark, { minLength: 1, maxLength: 3 }), newest: fc.nat(10), young: fc.nat(50), percent: fc.integer({ min: 1, max: 100 }), hold: fc.option(fc.tuple(fc.nat(200), fc.nat(200))) })
  .map((r) =>
    request(r.items, r.marks, {
      keep: { newest: r.newest, youngerThanSeconds: r.young * 3600 },
      bounds: { items: 50, bytes: 1e9, percent: r.percent },
      holds: r.hold === null ? [] : [{ fromMs: NOW - Math.max(...r.hold) * HOUR, untilMs: NOW - Math.min(...r.hold) * HOUR }],
    }),
  );

describe('whatever the store and the order', () => {
  it('never takes what is barred, held, young, kept or without a clock', () => {
    fc.assert(
      fc.property(anyRequest, (asked) => {
        const { items, keep, holds, nowMs } = asked;
        const newest = [...items.atMs].filter((at) => !Number.isNaN(at)).sort((a, b) => b - a).slice(0, keep.newest);
        for (const row of planRotation(asked).selected) {
          const at = items.atMs[row] ?? NaN;
          expect(items.barred[row]).toBe(0);
          expect(at).toBeLessThanOrEqual(nowMs - keep.youngerThanSeconds * 1000);
          expect(holds.some(({ fromMs, untilMs }) => at >= (fromMs ?? 0) && at <= (untilMs ?? Infinity))).toBe(false);
          if (newest.length > 0) expect(at).toBeLessThanOrEqual(newest.at(-1) ?? 0);
        }
      }),
      { numRuns: 400 },
    );
  });
  it('takes each once, oldest first, within bounds, and no more than it must', () => {
    fc.assert(
      fc.property(anyRequest, (asked) => {
        const plan = planRotation(asked);
        const times = [...plan.selected].map((row) => asked.items.atMs[row] ?? NaN);
        expect(new Set(plan.selected).size).toBe(plan.selected.length);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        if (plan.outcome !== 'delete') return void expect(plan.selected).toHaveLength(0);
        expect(plan.planned.items).toBeLessThanOrEqual(asked.bounds.items);
        expect((plan.planned.items / plan.before.items) * 100).toBeLessThanOrEqual(asked.bounds.percent);
        const last = plan.selected.at(-1) ?? 0;
        const left = { items: plan.before.items - plan.planned.items + 1, bytes: plan.before.bytes - plan.planned.bytes + (asked.items.bytes[last] ?? 0) };
        const needed = asked.watermarks.some(({ kind, target }) => plan.exceeded.includes(kind) && (kind === 'bytes' ? left.bytes > target : kind === 'records' ? left.items > target : (asked.items.atMs[last] ?? 0) < NOW - target * 1000));
        expect(needed).toBe(true);
      }),
      { numRuns: 400 },
    );
  });
});

it('plans for a million items without an object for each', () => {
  const count = 1_000_000;
  const items = { count, bytes: new Float64Array(count).fill(4096), atMs: Float64Array.from({ length: count }, (_, row) => NOW - ((row * 7919) % count) * 1000), barred: new Uint8Array(count) };
  const plan = planRotation({ ...request([], [{ kind: 'records', limit: 900_000, target: 500_000 }]), items });
  expect(plan.planned.items).toBe(500_000);
});
