import type { AccessBreach } from '@mailwarden/contracts';
import { BreachBook, EVERYONE } from './access-breaches.js';
import { heldRights } from './access-capability.js';
import { ANYONE_ELSE, classesOf } from './access-classes.js';
import { givesNamesOnly, grantedTo, grantFor, reaches, SEARCH, WRITE, type Granted } from './access-grant.js';
import { declaredPart, isDeclared, ROOT_UID, type AccessParts, type AccountAccess, type EntryRights } from './access-rights.js';
import { grantWords, octal } from './access-words.js';
import type { Account, Accounts } from './accounts.js';

export type { AccessParts, AccountAccess, CapabilityHolder, DeclaredProtection, EntryRights, FolderRights, LeadingFolder, Naming } from './access-rights.js';

const STICKY = 0o1000;
export const ACCOUNTS_SHOWN_MAX = 64;

function accessOfAccount(account: Account, granted: readonly Granted[], parts: AccessParts): AccountAccess | null {
  // What lets it at the files themselves says more than what shows it their names.
  const first = granted.find((one) => !givesNamesOnly(one)) ?? granted[0];
  const reads = granted.filter(({ read }) => read);
  const declared = declaredPart(account, parts.protection, parts.accounts);
  if (account.uid === ROOT_UID) return { name: parts.shownName(account), read: true, write: true, because: 'the super-user', ...declared };
  if (first === undefined) return null;
  return { name: parts.shownName(account), read: granted.some(({ read }) => read), write: granted.some(({ write }) => write), because: grantWords(first.grant, account, first.rights, parts), ...declared, ...(reads.length > 0 && reads.every(givesNamesOnly) ? { namesOnly: true } : {}) };
}

/** In the order of the host's own file, then those that it does not name. */
function inOrder(shown: ReadonlyMap<string, AccountAccess>, { byName }: Accounts): AccountAccess[] {
  return [...[...byName.keys()].flatMap((name) => shown.get(name) ?? []), ...[...shown].flatMap(([name, access]) => (byName.has(name) ? [] : [access]))];
}

/** Judges all accounts, and tells those beyond the declared ones where the vendor declares any. */
function judge(parts: AccessParts, book: BreachBook, shown: Map<string, AccountAccess>): void {
  const { accounts, entries, protection } = parts;
  const giving = entries.filter(({ defaultAcl }) => defaultAcl != null);
  const tell = (account: Account, granted: readonly Granted[]): void => {
    if (protection.accounts === null || (account !== ANYONE_ELSE && isDeclared(account, protection, accounts))) return;
    book.add(account, granted);
    for (const rights of giving) if (reaches(account, rights.through)) book.addInherited(account, rights);
  };
  for (const alike of classesOf(entries, accounts)) {
    const granted = grantedTo(alike[0], entries);
    for (const account of alike) {
      const access = accessOfAccount(account, granted, parts);
      if (access !== null) shown.set(account.name, access);
      tell(account, granted);
    }
  }
  tell(ANYONE_ELSE, grantedTo(ANYONE_ELSE, entries));
}

/**
 * Which accounts get into a store, and which of them the declared protection does not name.
 * Judged as the kernel does: from owner, group, mode and list of finer rights of the entries and of all folders that lead to each of them, and from the capabilities of running processes where these are known.
 */
export function accessOf(parts: AccessParts): { accounts: AccountAccess[]; breaches: AccessBreach[] } {
  if (parts.entries.length === 0) return { accounts: [], breaches: [] };
  const book = new BreachBook(parts);
  const shown = new Map<string, AccountAccess>();
  judge(parts, book, shown);
  const byCapability = heldRights(parts, shown);
  return {
    accounts: inOrder(shown, parts.accounts).slice(0, ACCOUNTS_SHOWN_MAX),
    breaches: [...byCapability, ...book.breaches, ...openFolders(parts)].slice(0, ACCOUNTS_SHOWN_MAX),
  };
}

/** Everyone may enter, add, and remove what others put there. */
const isOpen = (rights: Pick<EntryRights, 'uid' | 'gid' | 'mode' | 'acl'>): boolean => (rights.mode & STICKY) === 0 && grantFor(ANYONE_ELSE, rights, WRITE | SEARCH) !== null;

/** A folder that everyone may write and that keeps nobody from removing others' entries, whatever the vendor says. */
function openFolders({ entries, protection }: AccessParts): AccessBreach[] {
  if (protection.accounts !== null) return [];
  return entries
    .filter((rights) => rights.folder && isOpen(rights) && reaches(ANYONE_ELSE, rights.through))
    .map((rights) => ({ kind: 'mode', account: EVERYONE, read: true, write: true, items: rights.items, mode: octal(rights.mode), because: 'everyone may write here and remove what others wrote' }));
}
