import { instantOf } from '@mailwarden/kernel';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRotation, type StoreItems } from './plan-rotation.js';
import type { RotationRules } from './rotation-plan.js';

const NOW = 1_000_000_000;
const WIDE = { items: 1e9, bytes: 1e15, percent: 100, deadlineSeconds: 60 };
const itemsOf = (list: readonly { bytes: number; atMs: number; blocked?: boolean }[]): StoreItems => ({
  bytes: Float64Array.from(list, (item) => item.bytes),
  atMs: Float64Array.from(list, (item) => item.atMs),
  blocked: list.map((item) => (item.blocked === true ? 'hard-linked' : null)),
});
const rules = (part: Partial<RotationRules> = {}): RotationRules => ({ watermarks: [{ kind: 'bytes', limit: 100, target: 80 }], keep: { newest: 0, youngerThanSeconds: 0 }, bounds: WIDE, holds: [], nowMs: NOW, issuedAtMs: NOW, ...part });

const list = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 50 }), atMs: fc.integer({ min: 0, max: NOW - 1 }), blocked: fc.boolean() }), { maxLength: 60 });

describe('a rotation plan', () => {
  it('frees what a floor of free space lacks, oldest first, and asks for nothing where nobody knows the room', () => {
    const items = itemsOf([{ bytes: 30, atMs: 3 }, { bytes: 30, atMs: 1 }, { bytes: 30, atMs: 2 }]);
    const watermarks = [{ kind: 'free-space' as const, limit: 10, target: 12.5 }];
    expect(planRotation(items, rules({ watermarks, room: { totalBytes: 1000, freeBytes: 90 } })).selected).toEqual([1, 2]);
    expect(planRotation(items, rules({ watermarks, room: { totalBytes: 1000, freeBytes: 100 } })).selected).toEqual([]);
    expect(planRotation(items, rules({ watermarks })).goal.kinds).toEqual([]);
    expect(planRotation(items, rules({ watermarks: [{ kind: 'free-space', limit: 10, target: 9 }], room: { totalBytes: 1000, freeBytes: 90 } })).stopped).toContain('free-space');
  });
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
        const plan = planRotation(items, rules({ watermarks: [{ kind: 'records', limit: 0.5, target: 0 }], keep: { newest, youngerThanSeconds: 10 }, holds: [held] }));
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
    const plan = planRotation(itemsOf([{ bytes: 150, atMs: 1 }]), rules({ bounds: { ...WIDE, items: 5 }, begun: { kinds: ['bytes'], olderThanMs: null, itemsLeft: 9, newestMs: NOW, deleted: { items: 5, bytes: 1 } } }));
    expect(plan.stopped).toMatch(/6 items/);
  });

  it('asks for nothing more once it was carried out', () => {
    fc.assert(
      fc.property(list, fc.boolean(), (found, byAge) => {
        const marks: RotationRules['watermarks'] = byAge ? [{ kind: 'age', limit: 1000, target: 800 }] : [{ kind: 'bytes', limit: 100, target: 80 }];
        const plan = planRotation(itemsOf(found), rules({ watermarks: marks }));
        const gone = new Set(plan.selected);
        const again = planRotation(itemsOf(found.filter((_, place) => !gone.has(place))), rules({ watermarks: marks }));
        expect(again.selected).toEqual([]);
        if (!plan.staysOver) expect(again.goal.kinds).toEqual([]);
      }),
    );
  });
  it('goes on after a cut with the same items, whatever came meanwhile, and with no limit that was not passed then', () => {
    fc.assert(
      fc.property(list, list, fc.nat(60), (found, newcomers, cut) => {
        const marks: RotationRules['watermarks'] = [{ kind: 'bytes', limit: 100, target: 80 }, { kind: 'age', limit: NOW, target: 1 }];
        const plan = planRotation(itemsOf(found), rules({ watermarks: marks }));
        const done = plan.selected.slice(0, cut);
        const gone = new Set(done);
        const bytes = done.reduce((sum, place) => sum + (found[place]?.bytes ?? 0), 0);
        const left = [...found.filter((_, place) => !gone.has(place)), ...newcomers.map((item) => ({ ...item, atMs: NOW + item.atMs }))];
        const rest = planRotation(itemsOf(left), rules({ watermarks: marks, begun: { ...plan.goal, itemsLeft: plan.planned.items - done.length, newestMs: plan.planned.newestMs, deleted: { items: done.length, bytes } } }));
        expect(plan.selected.length - done.length).toBeGreaterThanOrEqual(rest.selected.length);
        for (const place of rest.selected) expect(left[place]?.atMs).toBeLessThanOrEqual(plan.planned.newestMs ?? -1);
        if (newcomers.length === 0) expect(rest.planned.items).toBe(plan.planned.items - done.length);
      }),
    );
  });
  it('lets a hold keep what it covers by either moment of an item, both ends taken in', () => {
    const items: StoreItems = { ...itemsOf([{ bytes: 60, atMs: 10_000 }, { bytes: 60, atMs: 20_000 }, { bytes: 60, atMs: 30_000 }]), otherMs: Float64Array.of(10_000, 20_000, 50_000) };
    const hold = (from: number, until: number) => [{ id: 'case', store: null, from: instantOf(from), until: instantOf(until), reason: 'open' }];
    expect(planRotation(items, rules({ watermarks: [{ kind: 'bytes', limit: 1, target: 0 }], holds: hold(10_000, 10_000) })).selected).toEqual([1, 2]);
    const plan = planRotation(items, rules({ watermarks: [{ kind: 'bytes', limit: 1, target: 0 }], holds: hold(45_000, 60_000) }));
    expect(plan).toMatchObject({ selected: [0, 1], staysOver: true });
    expect(plan.skipped.get('held')).toBe(1);
  });
  it('never takes an item that has no moment', () => {
    const plan = planRotation(itemsOf([{ bytes: 500, atMs: Number.NaN }, { bytes: 50, atMs: 5 }]), rules());
    expect(plan).toMatchObject({ selected: [1], staysOver: true });
    expect(plan.skipped.get('no-clock')).toBe(1);
  });
});

describe('a clock that cannot be believed', () => {
  const MINUTE = 60_000;
  const age: RotationRules['watermarks'] = [{ kind: 'age', limit: 100, target: 80 }];
  const old = { bytes: 200, atMs: NOW - 200_000 };
  it.each([
    ['runs behind the order', { issuedAtMs: NOW + 11 * MINUTE }, [old], /behind/],
    ['is days past the order', { issuedAtMs: NOW - 49 * 60 * MINUTE }, [old], /days past/],
    ['is behind its own newest item', {}, [old, { bytes: 1, atMs: NOW + 11 * MINUTE }], /future/],
    ['is behind an item that may not go anyway', {}, [old, { bytes: 1, atMs: NOW + 11 * MINUTE, blocked: true }], /future/],
  ])('%s: what is only too old stays, and what is too much goes', (_name, part, found, words) => {
    expect(planRotation(itemsOf(found), rules({ watermarks: age, ...part })).stopped).toMatch(words);
    expect(planRotation(itemsOf(found), rules(part)).stopped).toBeNull();
  });
  it('is not asked for small differences', () => {
    expect(planRotation(itemsOf([old, { bytes: 1, atMs: NOW + 9 * MINUTE }]), rules({ watermarks: age, issuedAtMs: NOW + 9 * MINUTE })).stopped).toBeNull();
  });
});

describe('watermarks that make no sense', () => {
  it.each([
    ['a target above its limit', [{ kind: 'bytes' as const, limit: 10, target: 11 }], /above the limit/],
    ['a limit of nothing', [{ kind: 'records' as const, limit: 0, target: 0 }], /empty the store/],
    ['no number', [{ kind: 'age' as const, limit: Number.NaN, target: 0 }], /not a number/],
    ['free space', [{ kind: 'free-space' as const, limit: 10, target: 5 }], /free-space/],
    ['none at all', [], /no limit/],
  ])('%s stops the plan', (_name, watermarks, words) => {
    expect(planRotation(itemsOf([{ bytes: 500, atMs: 1 }]), rules({ watermarks })).stopped).toMatch(words);
  });
});
