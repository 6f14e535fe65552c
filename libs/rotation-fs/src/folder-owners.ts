import type { Profile, Store } from '@mailwarden/catalogue';
import type { Account } from '@mailwarden/inventory';
import { readAccounts, type Directory, type Host } from '@mailwarden/inventory-fs';

const ROOT = 0;
const OTHERS_WRITE = 0o022;
const ALL_WRITE = 0o002;
/** In such a folder an entry is renamed by its owner alone. Source: inode(7). */
const STICKY = 0o1000;

type Rights = Pick<Directory, 'uid' | 'mode'>;

/** Whose folders may be in a store, wherever in it they lie. */
export interface StoreOwners {
  /** Accounts of the product and of the store; root is none of them. */
  readonly uids: ReadonlySet<number>;
  /** Root keeps some of the store itself. */
  readonly alsoRoot: boolean;
  /** False where nobody can say whose the store is, as of mailboxes that belong to a person each. */
  readonly areNamed: boolean;
}

/** Nobody beside whom a folder belongs to. */
export const NOBODY_ELSE: StoreOwners = { uids: new Set(), alsoRoot: false, areNamed: true };

function accountsCalled(host: Host, names: readonly string[]): Account[] {
  const known = readAccounts(host);
  return known.ok ? names.flatMap((name) => known.value.byName.get(name) ?? []) : [];
}

/** Accounts of a product that the host has; none where its accounts cannot be read. */
export const productAccounts = (host: Host, { accounts }: Pick<Profile, 'accounts'>): Account[] => accountsCalled(host, [accounts.service, ...accounts.others]);

/** By the profile, and by the accounts of the host; where those cannot be read, nobody but root is known. */
export function storeOwners(host: Host, { accounts }: Pick<Profile, 'accounts'>, { protection }: Pick<Store, 'protection'>): StoreOwners {
  const names = [accounts.service, ...accounts.others, ...(protection.accounts ?? [])];
  const uids = new Set(accountsCalled(host, names).map(({ uid }) => uid));
  const alsoRoot = uids.delete(ROOT) || names.includes('root');
  return { uids, alsoRoot, areNamed: protection.accounts !== null };
}

/** A folder, and who could have brought into it what lies there. */
export interface KeptFolder {
  /** Owners of it and of the folders above it, but root. */
  readonly keepers: ReadonlySet<number>;
  /** Who else renames what lies in it or in a folder above it. */
  readonly openTo: 'nobody' | 'a-group' | 'all';
  /** Others lay in it what is theirs, and rename nothing of anybody else's. */
  readonly isDropped: boolean;
}

/** What the system begins with. */
export const HOST_ROOT: KeptFolder = { keepers: new Set(), openTo: 'nobody', isDropped: false };

function isInPlace(above: KeptFolder, { uid, mode }: Rights, owners: StoreOwners): boolean {
  if (above.keepers.has(uid) || owners.uids.has(uid)) return true;
  // Below a stranger's folder what is root's need not be the store's: the stranger may have moved it there.
  if (uid === ROOT && owners.alsoRoot && [...above.keepers].every((keeper) => owners.uids.has(keeper))) return true;
  if (above.keepers.size > 0 || above.openTo === 'all') return false;
  // To move a folder elsewhere takes the right to write in it: one that its owner alone may write in was put here by its owner.
  const isClosed = (mode & OTHERS_WRITE) === 0;
  if (above.openTo === 'nobody') return !above.isDropped || isClosed;
  return uid === ROOT || (isClosed && !owners.areNamed);
}

/** Who renames what lies in a folder of root's that others write in. Such a folder in another one may have been moved there by whoever writes in both, with closed folders of root's in it. */
function openIn({ openTo }: KeptFolder, mode: number): KeptFolder['openTo'] {
  if (openTo !== 'nobody') return 'all';
  if ((mode & STICKY) !== 0) return 'nobody';
  return (mode & ALL_WRITE) !== 0 ? 'all' : 'a-group';
}

/**
 * A folder below another; null where it belongs to somebody who need not have brought it there.
 * Safety: whoever may write in a folder can carry into it a whole tree with folders of others in it, of which they could delete nothing themselves. That a store takes it in is their word alone, and no reason for root to delete it.
 */
export function keptIn(above: KeptFolder, folder: Rights, owners: StoreOwners): KeptFolder | null {
  if (!isInPlace(above, folder, owners)) return null;
  const { uid, mode } = folder;
  const isShared = uid === ROOT && (mode & OTHERS_WRITE) !== 0;
  const isDropped = isShared && (mode & STICKY) !== 0;
  return { keepers: uid === ROOT || above.keepers.has(uid) ? above.keepers : new Set([...above.keepers, uid]), openTo: isShared ? openIn(above, mode) : above.openTo, isDropped };
}

/** The last of several folders, each below the one before it; null as `keptIn`. */
export const keptBelow = (chain: readonly Rights[], owners: StoreOwners): KeptFolder | null => chain.reduce<KeptFolder | null>((above, folder) => (above === null ? null : keptIn(above, folder, owners)), HOST_ROOT);
