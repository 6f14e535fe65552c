import { ROOT_UID, type EntryRights, type FolderRights } from './access-rights.js';
import type { AclEntry } from './acl.js';
import type { Account } from './accounts.js';

export const READ = 4;
export const WRITE = 2;
export const SEARCH = 1;

const ALL_BITS = 7;
const GROUP_BITS = 0o070;

/** By what a right is given: as owner, by the owning group, by a named entry of a list, or as anyone else. */
export interface Grant {
  readonly by: 'owner' | 'group' | 'acl' | 'mode';
  /** The entry of the list that gives it; null where the mode alone does. */
  readonly entry: AclEntry | null;
}

const BY_OWNER: Grant = { by: 'owner', entry: null };
const BY_GROUP: Grant = { by: 'group', entry: null };
const BY_MODE: Grant = { by: 'mode', entry: null };

const gives = (bits: number, want: number): boolean => (bits & want) === want;

/** Whether the kernel looks at the list at all: where the mode's group bits, which stand for its mask, are empty, it goes by the mode. Source: acl_permission_check() in fs/namei.c. */
export const hasListInForce = ({ mode, acl }: FolderRights): boolean => acl != null && (mode & GROUP_BITS) !== 0;

/** Source: posix_acl_permission() in fs/posix_acl.c. Of several groups, one that gives everything wanted suffices; where some match and none does, nobody else's right helps. */
function grantByList(account: Account, gid: number, entries: readonly AclEntry[], want: number): Grant | null {
  const mask = entries.find(({ tag }) => tag === 'mask')?.bits ?? ALL_BITS;
  let isMember = false;
  for (const entry of entries) {
    const { tag, id, bits } = entry;
    if (tag === 'user' && id === account.uid) return gives(bits & mask, want) ? { by: 'acl', entry } : null;
    if (tag === 'other') return !isMember && gives(bits, want) ? { by: 'mode', entry } : null;
    if ((tag !== 'owning-group' && tag !== 'group') || !account.gids.has(id ?? gid)) continue;
    isMember = true;
    if (gives(bits, want)) return gives(bits & mask, want) ? { by: tag === 'group' ? 'acl' : 'group', entry } : null;
  }
  return null;
}

/**
 * What gives an account all the wanted bits at once, null where nothing does. The super-user's own rights are no matter of entries and not looked at here.
 * Bits that are wanted together must come from one entry, as in the kernel.
 */
export function grantFor(account: Account, rights: FolderRights, want: number): Grant | null {
  const { uid, gid, mode, acl } = rights;
  if (account.uid === uid) return gives(mode >> 6, want) ? BY_OWNER : null;
  if (acl != null && hasListInForce(rights)) return grantByList(account, gid, acl.entries, want);
  if (account.gids.has(gid)) return gives(mode >> 3, want) ? BY_GROUP : null;
  return gives(mode, want) ? BY_MODE : null;
}

/** Whether an account gets through all of these folders. */
export const reaches = (account: Account, through: readonly FolderRights[]): boolean => account.uid === ROOT_UID || through.every((folder) => grantFor(account, folder, SEARCH) !== null);

/** One grant to a kind of entry. Reading and writing may be given by different entries of a list. */
export interface Granted {
  readonly rights: EntryRights;
  readonly grant: Grant;
  readonly read: boolean;
  readonly write: boolean;
}

/** What an account may do with one kind of entry. To write in a folder is to add and remove its entries, for which it must be entered too. */
function grantsTo(account: Account, rights: EntryRights): Granted[] {
  const read = grantFor(account, rights, READ);
  const write = grantFor(account, rights, rights.folder ? WRITE | SEARCH : WRITE);
  if (read !== null && read.by === write?.by && read.entry === write.entry) return [{ rights, grant: read, read: true, write: true }];
  return [...(read === null ? [] : [{ rights, grant: read, read: true, write: false }]), ...(write === null ? [] : [{ rights, grant: write, read: false, write: true }])];
}

/** Whether it is a folder: to read it tells names, and nothing of what stands in the files. */
export const givesNamesOnly = ({ rights }: Granted): boolean => rights.folder;

/** All that an account is let into. Each way is judged once, however many kinds of entry lie behind it. */
export function grantedTo(account: Account, entries: readonly EntryRights[]): Granted[] {
  const reached = new Map<readonly FolderRights[], boolean>();
  return entries.flatMap((rights) => {
    const isReached = reached.get(rights.through) ?? reaches(account, rights.through);
    reached.set(rights.through, isReached);
    return isReached ? grantsTo(account, rights) : [];
  });
}
