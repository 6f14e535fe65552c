import type { StoreObservation } from '@mailwarden/contracts';
import { accessOf, accountsFrom, openParents, type Account, type Accounts, type CapabilityHolder, type DeclaredProtection, type EntryRights, type LeadingFolder } from '@mailwarden/inventory';
import type { Measured, Result } from '@mailwarden/kernel';

const NO_ACCOUNTS = accountsFrom('', '');
const BREACHES_MAX = 64;

/** What the access to one store is judged from. */
export interface StoreAccessParts {
  readonly entries: readonly EntryRights[];
  /** Folders that lead to the store and are not its own. */
  readonly chain: readonly LeadingFolder[];
  readonly protection: DeclaredProtection;
  readonly accounts: Result<Accounts, string>;
  readonly holders: Measured<readonly CapabilityHolder[]>;
  readonly shownName: (account: Account) => string;
}

/** Who gets into the files of a store: by their own rights, by capabilities, and by what could be done to the folders above it. What could not be looked at is told beside. */
export function storeAccess({ entries, chain, protection, holders, shownName, ...parts }: StoreAccessParts): StoreObservation['access'] {
  if (entries.length === 0) return { accounts: [], breaches: [] };
  const accounts = parts.accounts.ok ? parts.accounts.value : NO_ACCOUNTS;
  const access = accessOf({ entries, accounts, protection, shownName, holders: holders.known ? holders.value : [] });
  const parents = openParents(chain, { protection, naming: { accounts, shownName } });
  return {
    accounts: access.accounts,
    breaches: [...access.breaches, ...parents].slice(0, BREACHES_MAX),
    ...(holders.known ? {} : { unseen: [{ what: 'processes with capabilities', why: holders.reason }] }),
  };
}
