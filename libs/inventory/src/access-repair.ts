import { ANYONE_ELSE, classesOf } from './access-classes.js';
import { grantFor, reaches, READ, SEARCH, WRITE } from './access-grant.js';
import { ROOT_UID, type FolderRights } from './access-rights.js';
import { aclOf, type Acl, type AclEntry } from './acl.js';
import type { Account, Accounts } from './accounts.js';

/** An entry of a store as it stands: whose it is, and whom it lets in. */
export interface RepairableEntry extends FolderRights {
  readonly acl: Acl | null;
  readonly folder: boolean;
  /** For folders: the list that what is made in it begins with. */
  readonly defaultAcl: Acl | null;
  /** Folders on the way that keep anyone out. */
  readonly through: readonly FolderRights[];
  /** Lies in a folder of somebody who need not have brought it into the store. */
  readonly carried: boolean;
}

/** Who may get in, and who must not be shut out. */
export interface RepairTerms {
  readonly accounts: Accounts;
  /** By profile or policy. */
  readonly mayEnter: (account: Account) => boolean;
  /** Those, and the product's own accounts, whatever is said of them: a repair never takes a right from them. */
  readonly keeps: (account: Account) => boolean;
  /** Account that becomes owner where a stranger is; null where there is none on this host. */
  readonly owner: number | null;
  /** Groups that may take the place of one with strangers in it. */
  readonly groups: readonly number[];
}

export type RepairedRights = Pick<RepairableEntry, 'uid' | 'gid' | 'mode' | 'acl' | 'defaultAcl'>;

/** What is to be changed; `left` where somebody still gets in, because whoever may would lose it as well. */
export interface Repair {
  readonly rights: RepairedRights;
  readonly isChanged: boolean;
  readonly left: boolean;
  /** It belongs to a stranger, and the product is not made its owner: nobody else could get in, or it was carried here. */
  readonly isAnothers: boolean;
}

const OTHERS_READ_WRITE = 0o006;
const GROUP_READ_WRITE = 0o060;
const READ_WRITE = READ | WRITE;
const SET_IDS = 0o6000;
/** Every bit that a list can give, so that the list alone decides. */
const LIST_DECIDES = 0o777;
/** Nobody: who will own what is made is not known. */
const NO_ID = -2;

/** What is made in a folder, as its default list would have it. */
const madeIn = ({ defaultAcl }: RepairedRights): FolderRights => ({ uid: NO_ID, gid: NO_ID, mode: LIST_DECIDES, acl: defaultAcl });

/** What an account may do with an entry, as bits of our own: read, write, search, and the same of what will be made in it. */
function powersOf(account: Account, rights: RepairedRights, folder: boolean): boolean[] {
  const own = [grantFor(account, rights, READ) !== null, grantFor(account, rights, folder ? WRITE | SEARCH : WRITE) !== null, grantFor(account, rights, SEARCH) !== null];
  if (!folder || rights.defaultAcl === null) return [...own, false, false];
  const enters = own[2] === true;
  return [...own, enters && grantFor(account, madeIn(rights), READ) !== null, enters && grantFor(account, madeIn(rights), WRITE) !== null];
}

/** To search a folder is to get through, which alone shows nothing. */
const getsIn = ([read, write, , readsMade, writesMade]: readonly boolean[]): boolean => read === true || write === true || readsMade === true || writesMade === true;

/** An owner who gets in gives any right to anybody: to be it is a power of its own. */
const owns = (account: Account, rights: RepairedRights): boolean => account.uid === rights.uid && (grantFor(account, rights, READ) ?? grantFor(account, rights, WRITE)) !== null;

/** Accounts that matter: of those that neither the entry nor what may become of it tells apart one that may enter, and one that may not. */
function judgedAccounts(entry: RepairableEntry, terms: RepairTerms): Account[] {
  const become = terms.groups.map((gid) => ({ ...entry, gid, items: 1 }));
  const classes = classesOf([{ ...entry, items: 1 }, { ...entry, uid: terms.owner ?? entry.uid, items: 1 }, ...become], terms.accounts);
  const judged = classes.flatMap((alike) => [alike.find(terms.mayEnter), alike.find((account) => !terms.mayEnter(account) && !terms.keeps(account)), alike.find((account) => !terms.mayEnter(account) && terms.keeps(account))]);
  return [...judged.flatMap((account) => (account === undefined || account.uid === ROOT_UID ? [] : [account])), ANYONE_ELSE];
}

const withBits = (acl: Acl, tag: AclEntry['tag'], change: (bits: number) => number): Acl => aclOf(acl.entries.map((entry) => (entry.tag === tag ? { ...entry, bits: change(entry.bits) } : entry)));
const without = (acl: Acl, gone: AclEntry): Acl => aclOf(acl.entries.filter((entry) => entry !== gone));
const isNamed = ({ tag }: AclEntry): boolean => tag === 'user' || tag === 'group';
const closed = (bits: number): number => bits & ~READ_WRITE;

/** Takes reading and writing from everyone else. The kernel keeps mode and list in step; a list whose mask is empty is not looked at, so both say it. */
const closeOthers = (rights: RepairedRights): RepairedRights => ({ ...rights, mode: rights.mode & ~OTHERS_READ_WRITE, acl: rights.acl === null ? null : withBits(rights.acl, 'other', closed) });
/** The group bits of an entry with a list are its mask, and no right of the group. */
const closeGroup = (rights: RepairedRights): RepairedRights => (rights.acl === null ? { ...rights, mode: rights.mode & ~GROUP_READ_WRITE } : { ...rights, acl: withBits(rights.acl, 'owning-group', closed) });

/** Changes of one right each, the least first. */
function* changesOf(rights: RepairedRights, folder: boolean, terms: RepairTerms): Generator<(now: RepairedRights) => RepairedRights, void, void> {
  yield closeOthers;
  const { owner } = terms;
  // A program of a stranger's must not become one that runs as the product.
  if (owner !== null) yield (now) => ({ ...now, uid: owner, mode: folder ? now.mode : now.mode & ~SET_IDS });
  for (const entry of rights.acl?.entries.filter(isNamed) ?? []) yield (now) => ({ ...now, acl: now.acl === null ? null : without(now.acl, now.acl.entries.find((one) => one.tag === entry.tag && one.id === entry.id) ?? entry) });
  yield closeGroup;
  for (const gid of terms.groups) yield (now) => ({ ...now, gid, mode: folder ? now.mode : now.mode & ~SET_IDS });
  if (rights.defaultAcl === null) return;
  yield (now) => ({ ...now, defaultAcl: now.defaultAcl === null ? null : withBits(now.defaultAcl, 'other', closed) });
  for (const entry of rights.defaultAcl.entries.filter(isNamed)) yield (now) => ({ ...now, defaultAcl: now.defaultAcl === null ? null : without(now.defaultAcl, now.defaultAcl.entries.find((one) => one.tag === entry.tag && one.id === entry.id) ?? entry) });
}

const sameAcl = (one: Acl | null, other: Acl | null): boolean => (one?.key ?? '') === (other?.key ?? '');
const isSame = (one: RepairedRights, other: RepairedRights): boolean => one.uid === other.uid && one.gid === other.gid && one.mode === other.mode && sameAcl(one.acl, other.acl) && sameAcl(one.defaultAcl, other.defaultAcl);

/** Whether the account that would become owner sees already what stands in an entry. Where there is none, somebody beside its owner must. */
function isShown(entry: RepairableEntry, judged: readonly Account[], { owner, accounts }: RepairTerms): boolean {
  if (owner === null) return judged.some((account) => account.uid !== entry.uid && getsIn(powersOf(account, entry, entry.folder)));
  if (owner === entry.uid) return true;
  return [...accounts.byName.values()].some((account) => account.uid === owner && reaches(account, entry.through) && grantFor(account, entry, READ) !== null);
}

/**
 * Terms of one entry. Whoever may write in a folder above may have carried into the store what a stranger keeps to himself, or shares with others than the product:
 * to make the product its owner, or to give it a group of the product's, would hand out what the product could never read.
 */
const termsOf = (entry: RepairableEntry, judged: readonly Account[], terms: RepairTerms): RepairTerms => (entry.carried || !isShown(entry, judged, terms) ? { ...terms, owner: null, groups: [] } : terms);

/**
 * The least change of an entry's rights that keeps out whom neither profile nor policy names.
 * Each right is taken away by itself, and only when that keeps somebody out and takes nothing from an account that keeps its rights.
 */
export function repairOf(entry: RepairableEntry, terms: RepairTerms): Repair {
  const { uid, gid, mode, acl, defaultAcl, folder } = entry;
  const before: RepairedRights = { uid, gid, mode, acl, defaultAcl };
  const judged = judgedAccounts(entry, terms);
  const strangers = judged.filter((account) => !terms.mayEnter(account) && reaches(account, entry.through));
  const keepers = judged.filter(terms.keeps);
  const intruders = (rights: RepairedRights): number => strangers.filter((account) => getsIn(powersOf(account, rights, folder))).length;
  const powers = (rights: RepairedRights): number => strangers.reduce((sum, account) => sum + powersOf(account, rights, folder).filter((power, index) => power && index !== 2).length + (owns(account, rights) ? 1 : 0), 0);
  const takesNothing = (rights: RepairedRights): boolean => keepers.every((account) => powersOf(account, before, folder).every((power, index) => !power || powersOf(account, rights, folder)[index] === true));
  const allowed = termsOf(entry, judged, terms);
  let rights = before;
  // A change may make room for one that was not possible before it: with another owner, others need no right any more.
  for (let isBetter = intruders(before) > 0; isBetter; ) {
    isBetter = false;
    for (const change of changesOf(before, folder, allowed)) {
      const changed = change(rights);
      if (powers(changed) >= powers(rights) || !takesNothing(changed)) continue;
      rights = changed;
      isBetter = true;
    }
  }
  const left = intruders(rights) > 0;
  return { rights, isChanged: !isSame(rights, before), left, isAnothers: left && allowed !== terms && strangers.some((account) => account.uid === uid) };
}
