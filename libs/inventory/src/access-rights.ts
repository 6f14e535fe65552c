import type { Acl } from './acl.js';
import type { Account, Accounts } from './accounts.js';

/** What decides who gets through a folder. */
export interface FolderRights {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** Its list of finer rights; null or absent where it has none. */
  readonly acl?: Acl | null;
}

/** A folder above a store, with those on the way to it that keep anyone out. */
export interface LeadingFolder extends FolderRights {
  readonly through?: readonly FolderRights[];
}

/** Owner, group, mode bits and list that entries of a store share, with the folders on their way that keep anyone out, and how many do. */
export interface EntryRights extends FolderRights {
  readonly folder: boolean;
  /** For folders: the list that what is made in it begins with. */
  readonly defaultAcl?: Acl | null;
  readonly through: readonly FolderRights[];
  items: number;
}

/** The declared protection of a store, by name. Null accounts mean that the vendor says nothing. */
export interface DeclaredProtection {
  readonly accounts: readonly string[] | null;
  readonly groups: readonly string[];
}

export interface AccountAccess {
  readonly name: string;
  readonly read: boolean;
  readonly write: boolean;
  readonly because: string;
  /** Whether the profile names it; absent where the vendor says nothing of who may. */
  readonly declared?: boolean;
  /** True where folders can be listed and no file be read. */
  readonly namesOnly?: true;
}

/** An account whose running process passes over the rights of files. Source: capabilities(7). */
export interface CapabilityHolder {
  readonly uid: number;
  /** As `CAP_DAC_READ_SEARCH`. */
  readonly capability: string;
  /** The process that measures. */
  readonly isOwn: boolean;
}

/** How the accounts of one host are known, and called in what leaves it. */
export interface Naming {
  readonly accounts: Accounts;
  readonly shownName: (account: Account) => string;
}

/** What the access to a store is judged from. */
export interface AccessParts extends Naming {
  readonly entries: readonly EntryRights[];
  readonly protection: DeclaredProtection;
  /** Absent where nobody looked. */
  readonly holders?: readonly CapabilityHolder[];
}

export const ROOT_UID = 0;

/** What is said of an account's being declared. */
export const declaredPart = (account: Account, protection: DeclaredProtection, accounts: Accounts): Pick<AccountAccess, 'declared'> => (protection.accounts === null ? {} : { declared: isDeclared(account, protection, accounts) });

/** Whether the profile names an account, or a group of it. The super-user needs no naming. */
export function isDeclared(account: Account, protection: DeclaredProtection, accounts: Accounts): boolean {
  if (account.uid === ROOT_UID || protection.accounts?.includes(account.name) === true) return true;
  return protection.groups.some((name) => [...account.gids].some((gid) => accounts.groupNames.get(gid) === name));
}
