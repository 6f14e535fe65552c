import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COUNTS_MS, KnownNames } from './known-names.js';

const HOUR_MS = 3_600_000;
const NAME = 'cloud.example';
const resolved = (...addresses: readonly string[]) => [{ name: NAME, addresses, trouble: null, isWhole: true }];
/** So many addresses, none of which is another's. */
const many = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => `10.${(from + index) >> 16}.${((from + index) >> 8) & 255}.${(from + index) & 255}`);
const addresses = (names: KnownNames, nowMs: number): string[] => names.addressesOf(NAME, nowMs).map(({ address }) => address);

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'mailwarden-names-'))));
afterEach(() => rmSync(dir, { recursive: true }));

describe('addresses that a name resolved to', () => {
  it('count for a week after they were last seen, and a name server that says nothing takes none away', () => {
    const names = new KnownNames(dir);
    names.note(resolved('192.0.2.1', '192.0.2.2'), 0);
    names.note(resolved('192.0.2.2'), HOUR_MS);
    names.note([{ name: NAME, addresses: [], trouble: 'ETIMEOUT', isWhole: false }], 2 * HOUR_MS);
    expect(addresses(names, COUNTS_MS - 1)).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(names.addressesOf(NAME, COUNTS_MS)).toEqual([{ address: '192.0.2.2', seconds: 3_600 }]);
    expect(addresses(names, COUNTS_MS + HOUR_MS)).toEqual([]);
  });

  it('are known after a start, those of names that still count', () => {
    const before = new KnownNames(dir);
    before.note([...resolved('192.0.2.1'), { name: 'gone.example', addresses: ['192.0.2.9'], trouble: null, isWhole: true }], 1_000);
    before.keep(new Set([NAME]), 1_000);
    const after = new KnownNames(dir);
    expect(after.restore(2_000)).toBeNull();
    expect(addresses(after, 3_000)).toEqual(['192.0.2.1']);
    expect(after.addressesOf('gone.example', 3_000)).toEqual([]);
    // A start costs nothing of what may still come.
    after.note(resolved(...many(100)), 4_000);
    expect(addresses(after, 4_000)).toHaveLength(101);
  });

  it('are news when an address is new or there are more than are taken in, and not when they are seen again', () => {
    const names = new KnownNames(dir);
    expect(names.note(resolved('192.0.2.1'), 0)).toBe(true);
    expect(names.note(resolved('192.0.2.1'), 1_000)).toBe(false);
    expect(names.note([{ name: NAME, addresses: [], trouble: 'ETIMEOUT', isWhole: false }], 2_000)).toBe(false);
    expect(names.note(resolved(...many(2_000)), 3_000)).toBe(true);
    expect(names.note(resolved(...many(2_000)), 4_000)).toBe(false);
    expect(names.note(resolved('192.0.2.1'), 5_000)).toBe(true);
  });

  it('of all names together are bounded, and what is kept can be read again', () => {
    const names = new KnownNames(dir);
    const all = Array.from({ length: 200 }, (_, index) => `n${index}.cloud.example`);
    names.note(all.map((name, index) => ({ name, addresses: many(512, index * 512).map((address) => `2001:db8::${address}`), trouble: null, isWhole: true })), 1_000);
    expect(all.reduce((sum, name) => sum + names.addressesOf(name, 1_000).length, 0)).toBe(60_000);
    expect(names.isComplete(all.at(-1) ?? '')).toBe(false);
    names.keep(new Set(all), 1_000);
    const after = new KnownNames(dir);
    expect(after.restore(2_000)).toBeNull();
    expect(all.reduce((sum, name) => sum + after.addressesOf(name, 2_000).length, 0)).toBe(60_000);
  });

  it.each([['no JSON', '{'], ['another form', '{"cloud.example":{"192.0.2.1":1}}'], ['no address', '{"cloud.example":{"room":1,"roomAtMs":1,"seen":{"nonsense":1}}}'], ['a moment still to come', '{"cloud.example":{"room":1,"roomAtMs":1,"seen":{"192.0.2.1":9e15}}}']])('are not believed where the file has %s', (_what, text) => {
    writeFileSync(join(dir, 'names.json'), text, { mode: 0o600 });
    const names = new KnownNames(dir);
    names.restore(1_000);
    expect(names.addressesOf(NAME, 1_000 + COUNTS_MS)).toEqual([]);
  });

  it('are bounded, whoever answers: what is beyond measure is left out and told, until there is room again', () => {
    const names = new KnownNames(dir);
    names.note(resolved(...many(4_000)), 0);
    expect(addresses(names, 0)).toHaveLength(512);
    expect(names.isComplete(NAME)).toBe(false);
    for (let hour = 1; hour <= 24 * 7; hour += 1) names.note(resolved(...many(4_000, hour * 4_000)), hour * HOUR_MS);
    expect(addresses(names, 24 * 7 * HOUR_MS).length).toBeLessThan(12_000);
    names.note(resolved('10.0.0.0'), 24 * 8 * HOUR_MS);
    expect(names.isComplete(NAME)).toBe(true);
  });

  it('may be another each minute', () => {
    const names = new KnownNames(dir);
    for (let minute = 0; minute < 600; minute += 1) names.note(resolved(...many(1, minute)), minute * 60_000);
    expect(addresses(names, 600 * 60_000)).toHaveLength(600);
    expect(names.isComplete(NAME)).toBe(true);
  });
});
