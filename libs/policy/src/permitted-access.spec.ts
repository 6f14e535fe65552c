import { readFileSync } from 'node:fs';
import { parseProfile, SHIPPED_PROFILES_URL } from '@mailwarden/catalogue';
import type { AccessRule } from '@mailwarden/contracts';
import { expect, it } from 'vitest';
import { withPermitted } from './permitted-access.js';

const parsed = parseProfile(readFileSync(new URL('kaspersky-klms-8.yaml', SHIPPED_PROFILES_URL), 'utf8'));
if (!parsed.ok) throw new Error('the profile has mistakes');
const profile = parsed.value;
const rule = (store: string, part: Partial<AccessRule>): AccessRule => ({ policy: 'p', profile: profile.id, store, accounts: [], groups: [], mode: 'observe', ...part }) as AccessRule;
const protectionOf = (rules: readonly AccessRule[], id: string) => withPermitted(profile, rules).stores.find((store) => store.id === id)?.protection;

it('lets in whom a policy names, beside those of the profile, into the stores that it names alone', () => {
  const rules = [rule('backup', { accounts: ['archive'], groups: ['auditors'] }), rule('backup', { accounts: ['archive'] })];
  expect(protectionOf(rules, 'backup')).toEqual({ ...protectionOf([], 'backup'), accounts: ['root', 'kluser', 'archive'], groups: ['auditors'] });
  expect(protectionOf(rules, 'reports')).toEqual(protectionOf([], 'reports'));
});

it('makes a rule where the vendor has none: the product, root and those whom the policy names', () => {
  const silent = { ...profile, stores: profile.stores.map((store) => ({ ...store, protection: { accounts: null, groups: [], source: null } })) };
  const store = withPermitted(silent, [rule('backup', { accounts: ['archive'] })]).stores.find(({ id }) => id === 'backup');
  expect(store?.protection).toEqual({ accounts: ['root', 'kluser', ...profile.accounts.others, 'archive'], groups: profile.accounts.groups, source: null });
});

it('means nothing to another profile', () => {
  expect(withPermitted(profile, [{ ...rule('backup', { accounts: ['archive'] }), profile: 'postfix' as never }])).toBe(profile);
});
