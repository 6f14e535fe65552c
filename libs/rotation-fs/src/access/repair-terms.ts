import type { Profile, Store } from '@mailwarden/catalogue';
import type { AccessRule } from '@mailwarden/contracts';
import { isDeclared, type Account, type Accounts, type RepairTerms } from '@mailwarden/inventory';

/** Who may get into a store: by its profile, and by policies of access. */
export interface NamedAccess {
  readonly accounts: readonly string[];
  readonly groups: readonly string[];
}

/** Null where neither profile nor policy says who may: then nobody is one too many. */
export function namedAccess(store: Store, rules: readonly AccessRule[]): NamedAccess | null {
  const { accounts, groups } = store.protection;
  if (accounts === null && rules.length === 0) return null;
  return { accounts: [...(accounts ?? []), ...rules.flatMap((rule) => rule.accounts)], groups: [...groups, ...rules.flatMap((rule) => rule.groups)] };
}

/** Terms of a repair on one host. Safety: the product's own accounts and groups keep every right that they have, whatever is named. */
export function repairTerms(profile: Profile, named: NamedAccess, accounts: Accounts): RepairTerms {
  const own: NamedAccess = { accounts: [profile.accounts.service, ...profile.accounts.others], groups: profile.accounts.groups };
  const mayEnter = (account: Account): boolean => isDeclared(account, named, accounts);
  const groupIds = new Map([...accounts.groupNames].map(([gid, name]) => [name, gid]));
  const service = accounts.byName.get(profile.accounts.service);
  return {
    accounts,
    mayEnter,
    keeps: (account) => mayEnter(account) || isDeclared(account, own, accounts),
    owner: service !== undefined && mayEnter(service) ? service.uid : null,
    groups: [...new Set([...named.groups.flatMap((name) => groupIds.get(name) ?? []), ...(service === undefined ? [] : service.gids)])],
  };
}
