import { instantOf } from '@mailwarden/kernel';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRotation, type RotationRules, type StoreItems } from './plan-rotation.js';

const NOW = 1_000_000_000;
const WIDE = { items: 1e9, bytes: 1e15, percent: 100, deadlineSeconds: 60 };
const itemsOf = (list: readonly { bytes: number; atMs: number; blocked?: boolean }[]): StoreItems => ({
  bytes: Float64Array.from(list, (item) => item.bytes),
  atMs: Float64Array.from(list, (item) => item.atMs),
  blocked: list.map((item) => (item.blocked === true ? 'hard-linked' : null)),
});
const rules = (part: Partial<RotationRules> = {}): RotationRules => ({ watermarks: [{ kind: 'bytes', limit: 100, target: 80 }], keep: { newest: 0, youngerThanSeconds: 0 }, bounds: WIDE, holds: [], nowMs: NOW, ...part });

const list = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 50 }), atMs: fc.integer({ min: 0, max: NOW - 1 }), blocked: fc.boolean() }), { maxLength: 60 });

describe('a rotation plan', () => {
  it('asks for nothing while no limit is passed', () => {
    expect(planRotation(itemsOf([{ bytes: 100, atMs: 1 }]), rules()).selected).toEqual([]);
  });
  it('goes down to the low watermark, oldest first, and no further', () => {
    fc.assert(
      fc.property(list, (found) => {
        const items = itemsOf(found);
        const plan = planRotation(items, rules());
        const chosen = new Set(plan.selected);
        const left = plan.before.bytes - plan.planned.bytes;
        if (plan.before.bytes <= 100) {
          expect(plan.selected).toEqual([]);
          return;
        }
        expect(left <= 80).toBe(!plan.staysOver);
        const times = plan.selected.map((place) => items.atMs[place] ?? 0);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        // Everything older than the newest that goes either goes as well or may not go.
        const newest = times.at(-1) ?? -1;
        for (let place = 0; place < found.length; place += 1) if ((items.atMs[place] ?? 0) < newest) expect(chosen.has(place) || items.blocked[place] !== null).toBe(true);
        // Without its last item it would not have sufficed.
        const last = plan.selected.at(-1);
        if (last !== undefined && !plan.staysOver) expect(left + (items.bytes[last] ?? 0)).toBeGreaterThan(80);
      }),
    );
  });
  it('never takes what is blocked, held, among the newest or young', () => {
    fc.assert(
      fc.property(list, fc.nat({ max: 20 }), (found, newest) => {
        const items = itemsOf(found);
        const held = { id: 'case', store: null, from: instantOf(NOW / 2), until: null, reason: 'open' };
        const plan = planRotation(items, rules({ watermarks: [{ kind: 'records', limit: 0, target: 0 }], keep: { newest, youngerThanSeconds: 10 }, holds: [held] }));
        const byAge = found.map((_, place) => place).sort((a, b) => (items.atMs[a] ?? 0) - (items.atMs[b] ?? 0) || a - b);
        const kept = new Set(byAge.slice(Math.max(0, found.length - newest)));
        for (const place of plan.selected) {
          expect(items.blocked[place]).toBeNull();
          expect(items.atMs[place]).toBeLessThan(NOW / 2);
          expect(kept.has(place)).toBe(false);
        }
        const skipped = [...plan.skipped.values()].reduce((a, b) => a + b, 0);
        expect(plan.selected.length + skipped).toBe(found.length);
      }),
    );
  });
  it('takes what is older than the age target once the age limit is passed', () => {
    const plan = planRotation(itemsOf([{ bytes: 1, atMs: NOW - 200_000 }, { bytes: 1, atMs: NOW - 90_000 }, { bytes: 1, atMs: NOW - 70_000 }]), rules({ watermarks: [{ kind: 'age', limit: 100, target: 80 }] }));
    expect(plan.selected).toEqual([0, 1]);
  });
  it.each([
    ['items', { ...WIDE, items: 1 }, /2 items/],
    ['bytes', { ...WIDE, bytes: 60 }, /100 bytes/],
    ['percent', { ...WIDE, percent: 50 }, /50 %/],
  ])('is stopped as a whole by the bound on %s', (_name, bounds, words) => {
    const plan = planRotation(itemsOf([{ bytes: 50, atMs: 1 }, { bytes: 50, atMs: 2 }, { bytes: 50, atMs: 3 }]), rules({ watermarks: [{ kind: 'bytes', limit: 100, target: 50 }], bounds }));
    expect(plan.stopped).toMatch(words);
  });
  it('counts what an earlier run of the order deleted', () => {
    const plan = planRotation(itemsOf([{ bytes: 150, atMs: 1 }]), rules({ bounds: { ...WIDE, items: 5 }, alreadyDeleted: { items: 5, bytes: 1 } }));
    expect(plan.stopped).toMatch(/6 items/);
  });
});
