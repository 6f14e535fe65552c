import type { EntryRights, FolderRights } from './access-rights.js';
import type { Acl } from './acl.js';
import type { Account, Accounts } from './accounts.js';

/** Accounts of the host that the rights of a store do not tell apart: what one of them may, all may. */
export type AccountClass = readonly [Account, ...Account[]];

/** Stands for whoever is in no file of accounts and owns nothing, as most of a directory service: member of nothing. */
export const ANYONE_ELSE: Account = { name: '', uid: -1, gids: new Set() };

interface Mentioned {
  readonly uids: Set<number>;
  readonly gids: Set<number>;
}

function mentionList({ uids, gids }: Mentioned, acl: Acl | null | undefined): void {
  for (const { tag, id } of acl?.entries ?? []) if (id !== null) (tag === 'user' ? uids : gids).add(id);
}

function mention(mentioned: Mentioned, { uid, gid, acl }: FolderRights): void {
  mentioned.uids.add(uid);
  mentioned.gids.add(gid);
  mentionList(mentioned, acl);
}

/** Numbers that decide anything for these entries. Entries with one way share its folders, which are looked at once. */
function mentionedBy(entries: readonly EntryRights[]): Mentioned {
  const mentioned: Mentioned = { uids: new Set(), gids: new Set() };
  const seen = new Set<readonly FolderRights[]>();
  for (const rights of entries) {
    mention(mentioned, rights);
    mentionList(mentioned, rights.defaultAcl);
    if (seen.has(rights.through)) continue;
    seen.add(rights.through);
    for (const folder of rights.through) mention(mentioned, folder);
  }
  return mentioned;
}

/** Owners and named accounts that no file of accounts knows: of a directory service, or of an account that is gone. Their groups are not known either. */
function nameless(uids: ReadonlySet<number>, accounts: Accounts): Account[] {
  const named = new Set([...accounts.byName.values()].map(({ uid }) => uid));
  return [...uids].filter((uid) => !named.has(uid)).map((uid) => ({ name: accounts.nameOf(uid), uid, gids: new Set() }));
}

/** All accounts that could get in, in classes. None where the host's accounts are not known. */
export function classesOf(entries: readonly EntryRights[], accounts: Accounts): AccountClass[] {
  if (accounts.byName.size === 0) return [];
  const { uids, gids } = mentionedBy(entries);
  const classes = new Map<string, [Account, ...Account[]]>();
  for (const account of [...accounts.byName.values(), ...nameless(uids, accounts)]) {
    const key = `${account.uid === 0 || uids.has(account.uid) ? account.uid : ''} ${[...account.gids].filter((gid) => gids.has(gid)).sort((a, b) => a - b).join(',')}`;
    const known = classes.get(key);
    if (known === undefined) classes.set(key, [account]);
    else known.push(account);
  }
  return [...classes.values()];
}
