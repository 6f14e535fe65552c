import type { AccessBreach } from '@mailwarden/contracts';
import { EVERYONE } from './access-breaches.js';
import { ANYONE_ELSE, classesOf } from './access-classes.js';
import { grantFor, reaches, SEARCH, WRITE, type Grant } from './access-grant.js';
import { isDeclared, type DeclaredProtection, type LeadingFolder, type Naming } from './access-rights.js';
import { grantWords, octal } from './access-words.js';
import type { Account } from './accounts.js';

const STICKY = 0o1000;

/** What lets an account rename or remove what a folder holds. In a sticky folder only its owner may. Source: may_delete() in fs/namei.c. */
function replacingGrant(account: Account, folder: LeadingFolder): Grant | null {
  if ((folder.mode & STICKY) !== 0 && account.uid !== folder.uid) return null;
  const grant = grantFor(account, folder, WRITE | SEARCH);
  return grant !== null && reaches(account, folder.through ?? []) ? grant : null;
}

const lineOf = (account: string, folder: LeadingFolder, because: string): AccessBreach => ({ kind: 'parent', account, read: false, write: true, items: 1, mode: octal(folder.mode), because });

/** Accounts that the profile does not name and that may replace a store through a folder above it: one line each, for the first such folder. */
function namedReplacers(chain: readonly LeadingFolder[], protection: DeclaredProtection, naming: Naming): AccessBreach[] {
  const found = new Map<string, AccessBreach>();
  const entries = chain.map((folder) => ({ ...folder, folder: true, through: folder.through ?? [], items: 1 }));
  for (const alike of classesOf(entries, naming.accounts)) {
    for (const account of alike) {
      if (isDeclared(account, protection, naming.accounts) || found.has(account.name)) continue;
      for (const folder of chain) {
        const grant = replacingGrant(account, folder);
        if (grant === null || (grant.by === 'mode' && reaches(ANYONE_ELSE, folder.through ?? []))) continue; // Told once, for everyone.
        found.set(account.name, lineOf(naming.shownName(account), folder, `a folder above the store lets it be replaced: ${grantWords(grant, account, folder, naming)}`));
        break;
      }
    }
  }
  return [...found.values()];
}

/** Folders on the way to a store that let everyone replace it, and, where its protection is declared, accounts beyond it that may. */
export function openParents(chain: readonly LeadingFolder[], declared?: { readonly protection: DeclaredProtection; readonly naming: Naming }): AccessBreach[] {
  const forEveryone = chain.filter((folder) => replacingGrant(ANYONE_ELSE, folder) !== null).map((folder) => lineOf(EVERYONE, folder, 'a folder above the store lets everyone replace it'));
  return declared === undefined || declared.protection.accounts === null ? forEveryone : [...forEveryone, ...namedReplacers(chain, declared.protection, declared.naming)];
}
