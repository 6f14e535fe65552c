import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseProfile, SHIPPED_PROFILES_URL } from '@mailwarden/catalogue';
import type { BundleRule, Hold, StoreObservation } from '@mailwarden/contracts';
import { instantOf, known } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { heldOverLimits } from './judge-holds.js';

const NOW_MS = Date.UTC(2026, 10, 25);
const DAY_MS = 86_400_000;
const parsed = parseProfile(readFileSync(fileURLToPath(new URL('kaspersky-klms-8.yaml', SHIPPED_PROFILES_URL)), 'utf8'));
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
const profile = parsed.value;
const store = profile.stores.find(({ id }) => id === 'backup');
if (store === undefined) throw new Error('the profile has a backup');

const observed: StoreObservation = { id: store.id, kind: 'pair', present: true, items: known(100), bytesApparent: known(1e9), bytesAllocated: known(1e9), oldestAt: known(instantOf(NOW_MS - 100 * DAY_MS)), newestAt: known(instantOf(NOW_MS - DAY_MS)), configuredLimits: [], access: { accounts: [], breaches: [] }, skipped: [], unknown: [] };
const rule = (limit: number, mode: BundleRule['mode'] = 'enforce'): BundleRule => ({ policy: 'cap', mode, profile: profile.id, store: store.id, watermarks: [{ kind: 'bytes', limit, target: limit / 2 }], keep: { newest: 0, youngerThanSeconds: 0 }, bounds: { items: 1e6, bytes: 1e12, percent: 100, deadlineSeconds: 1 }, written: { bytes: '500 MB' } }) as unknown as BundleRule;
const hold = (change: Partial<Hold> = {}): Hold => ({ id: 'case-7', profile: null, store: null, from: null, until: null, reason: 'A case', ...change });
const found = (rules: BundleRule[], ...holds: Hold[]): string[] => heldOverLimits(store, observed, rules, { holds }, profile.id, NOW_MS, NOW_MS).map(({ code, subject, source, message }) => `${code} ${subject} ${source}: ${message}`);

describe('a store that a hold keeps over its limit', () => {
  it('is told with the policy and the hold', () => {
    expect(found([rule(5e8)], hold())).toEqual([`held-over-limit cap case-7: ${store.section} stays over the limit of cap (500 MB): a hold keeps what would have to go`]);
    expect(found([rule(5e8)], hold({ until: instantOf(NOW_MS - 30 * DAY_MS) }))[0]).toContain('items beside it may go');
  });

  it('is not told under the limit, where nothing is deleted anyway, nor where the hold covers other things', () => {
    expect([found([rule(1e9)], hold()), found([rule(5e8, 'observe')], hold()), found([rule(5e8)]), found([rule(5e8)], hold({ store: 'reports' as Hold['store'] })), found([rule(5e8)], hold({ from: instantOf(NOW_MS - 2 * DAY_MS) })), found([rule(5e8)], hold({ messages: ['a'.repeat(64) as never] }))]).toEqual([[], [], [], [], [], []]);
  });
});
