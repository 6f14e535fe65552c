import type { AccessBreach } from '@mailwarden/contracts';
import type { Acl } from './acl.js';
import { isSystemAccount, type Account, type Accounts } from './accounts.js';

/** What decides who gets through a folder. */
export interface FolderRights {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** Its list of finer rights; null or absent where it has none. */
  readonly acl?: Acl | null;
}

/** Owner, group and mode bits that entries of a store share, with the folders on their way that keep anyone out, and how many do. */
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
}

type Way = 'owner' | 'group' | 'mode';
const READ = 4;
const WRITE = 2;
const SEARCH = 1;
const STICKY = 0o1000;
const EVERYONE = 'everyone';
/** Stands for whoever is in no file of accounts, as those of a directory service: owner of nothing, member of nothing. */
const ANYONE_ELSE: Account = { name: '', uid: -1, gids: new Set() };
const ROOT_UID = 0;
export const ACCOUNTS_SHOWN_MAX = 64;

const octal = (mode: number): string => `0${(mode & 0o7777).toString(8).padStart(3, '0')}`;

/** Which of the three classes an account falls into for an entry: the first that fits counts, as in the kernel. */
function wayOf(account: Account, rights: FolderRights): Way {
  if (account.uid === rights.uid) return 'owner';
  return account.gids.has(rights.gid) ? 'group' : 'mode';
}
const bitsOf = (way: Way, mode: number): number => (way === 'owner' ? mode >> 6 : way === 'group' ? mode >> 3 : mode) & 7;

const reaches = (account: Account, through: readonly FolderRights[]): boolean => through.every((folder) => (bitsOf(wayOf(account, folder), folder.mode) & SEARCH) !== 0);

interface Granted {
  readonly account: Account;
  readonly way: Way;
  readonly rights: EntryRights;
  readonly read: boolean;
  readonly write: boolean;
}

/** To write in a folder is to add and remove its entries, for which it must be entered too. */
function bitsFor(account: Account, way: Way, rights: EntryRights): number {
  if (account.uid === ROOT_UID) return READ | WRITE;
  if (!reaches(account, rights.through)) return 0;
  const bits = bitsOf(way, rights.mode);
  return rights.folder && (bits & SEARCH) === 0 ? bits & READ : bits;
}

function grantedTo(account: Account, entries: readonly EntryRights[]): Granted[] {
  return entries.flatMap((rights) => {
    const way = wayOf(account, rights);
    const bits = bitsFor(account, way, rights);
    return (bits & (READ | WRITE)) === 0 ? [] : [{ account, way, rights, read: (bits & READ) !== 0, write: (bits & WRITE) !== 0 }];
  });
}

/** Privacy: a person's own group bears the person's name. */
const groupShown = (gid: number, accounts: Accounts): string => (isSystemAccount(gid) ? `group ${accounts.groupNames.get(gid) ?? gid}` : "a person's group");

const WORDS: Readonly<Record<Way, (rights: EntryRights, accounts: Accounts) => string>> = {
  owner: (rights) => `owns it, mode ${octal(rights.mode)}`,
  group: (rights, accounts) => `by ${groupShown(rights.gid, accounts)}, mode ${octal(rights.mode)}`,
  mode: (rights) => `mode ${octal(rights.mode)} lets everyone in`,
};

/**
 * Which accounts get into a store, and which of them the declared protection does not name.
 * Judged from owner, group and mode of the entries and of all folders that lead to each of them, as the kernel does; lists of finer rights (ACLs) are not read here.
 */
export function accessOf(parts: { entries: readonly EntryRights[]; accounts: Accounts; protection: DeclaredProtection; shownName: (account: Account) => string }): { accounts: AccountAccess[]; breaches: AccessBreach[] } {
  const { accounts, entries, protection } = parts;
  const breaches = new Map<string, OpenBreach>();
  const shown: AccountAccess[] = [];
  for (const account of accounts.byName.values()) {
    const granted = grantedTo(account, entries);
    const first = granted[0];
    if (first === undefined) continue;
    const reasons = account.uid === ROOT_UID ? 'the super-user' : WORDS[first.way](first.rights, accounts);
    shown.push({ name: parts.shownName(account), read: granted.some((item) => item.read), write: granted.some((item) => item.write), because: reasons });
    if (protection.accounts !== null && !isDeclared(account, protection, accounts)) for (const item of granted) addBreach(breaches, item, parts);
  }
  if (protection.accounts !== null) for (const item of grantedTo(ANYONE_ELSE, entries)) addBreach(breaches, item, parts);
  return { accounts: shown.slice(0, ACCOUNTS_SHOWN_MAX), breaches: [...[...breaches.values()].map(({ breach }) => breach), ...openFolders(entries, protection)].slice(0, ACCOUNTS_SHOWN_MAX) };
}

function isDeclared(account: Account, protection: DeclaredProtection, accounts: Accounts): boolean {
  if (account.uid === ROOT_UID || protection.accounts?.includes(account.name) === true) return true;
  return protection.groups.some((name) => [...account.gids].some((gid) => accounts.groupNames.get(gid) === name));
}

/** One breach and the kinds of entry that are counted in it. */
interface OpenBreach {
  readonly breach: AccessBreach;
  readonly counted: Set<EntryRights>;
}

/** What comes by "others" is one breach for everyone, not one for each account; each kind of entry counts once in it. The widest mode is shown. */
function addBreach(breaches: Map<string, OpenBreach>, { account, way, rights, read, write }: Granted, parts: { accounts: Accounts; shownName: (account: Account) => string }): void {
  const name = way === 'mode' ? EVERYONE : parts.shownName(account);
  const key = `${way} ${name}`;
  const known = breaches.get(key);
  const counted = known?.counted ?? new Set<EntryRights>();
  if (counted.has(rights)) return;
  counted.add(rights);
  const widest = known === undefined || (write && !known.breach.write) ? { mode: octal(rights.mode), because: WORDS[way](rights, parts.accounts) } : { mode: known.breach.mode, because: known.breach.because };
  breaches.set(key, { counted, breach: { kind: way, account: name, read: read || known?.breach.read === true, write: write || known?.breach.write === true, items: (known?.breach.items ?? 0) + rights.items, ...widest } });
}

/** Everyone may enter, add, and remove what others put there. */
const isOpen = (mode: number): boolean => (mode & (WRITE | SEARCH)) === (WRITE | SEARCH) && (mode & STICKY) === 0;

/** A folder that everyone may write and that keeps nobody from removing others' entries, whatever the vendor says. */
function openFolders(entries: readonly EntryRights[], protection: DeclaredProtection): AccessBreach[] {
  if (protection.accounts !== null) return [];
  return entries
    .filter((rights) => rights.folder && isOpen(rights.mode) && reaches(ANYONE_ELSE, rights.through))
    .map((rights) => ({ kind: 'mode', account: EVERYONE, read: true, write: true, items: rights.items, mode: octal(rights.mode), because: 'everyone may write here and remove what others wrote' }));
}

/** Folders on the way to a store that let everyone replace it. */
export function openParents(chain: readonly FolderRights[]): AccessBreach[] {
  return chain
    .filter((folder) => isOpen(folder.mode))
    .map((folder) => ({ kind: 'parent', account: EVERYONE, read: false, write: true, items: 1, mode: octal(folder.mode), because: 'a folder above the store lets everyone replace it' }));
}
