import type { FolderRights, Naming } from './access-rights.js';
import type { Grant } from './access-grant.js';
import type { AclEntry } from './acl.js';
import { isSystemAccount, type Account, type Accounts } from './accounts.js';

const ALL_BITS = 7;

export const octal = (mode: number): string => `0${(mode & 0o7777).toString(8).padStart(3, '0')}`;
const inLetters = (bits: number): string => `${(bits & 4) === 0 ? '-' : 'r'}${(bits & 2) === 0 ? '-' : 'w'}${(bits & 1) === 0 ? '-' : 'x'}`;

/** Privacy: a person's own group bears the person's name. */
const groupShown = (gid: number, accounts: Accounts): string => (isSystemAccount(gid) ? `group ${accounts.groupNames.get(gid) ?? gid}` : "a person's group");

/** Whom an entry names, as getfacl shows it. Privacy: a person as `shownName` does, a person's group not at all. */
function qualifierOf({ tag, id }: AclEntry, account: Account, { accounts, shownName }: Naming): string {
  if (tag === 'user') return shownName(account);
  return id === null ? '' : isSystemAccount(id) ? (accounts.groupNames.get(id) ?? String(id)) : "a person's group";
}

const TAG_WORDS = { owner: 'user', user: 'user', 'owning-group': 'group', group: 'group', mask: 'mask', other: 'other' } as const;

/** One entry in the words of getfacl, with what the mask leaves of it. */
function entryWords(entry: AclEntry, rights: FolderRights, qualifier: string): string {
  const mask = rights.acl?.entries.find(({ tag }) => tag === 'mask')?.bits ?? ALL_BITS;
  const left = entry.tag === 'other' ? entry.bits : entry.bits & mask;
  return `${TAG_WORDS[entry.tag]}:${qualifier}:${inLetters(entry.bits)}${left === entry.bits ? '' : ` (effective ${inLetters(left)})`}`;
}

/** Why an account gets in, in one line: the entry that lets it in. */
export function grantWords({ by, entry }: Grant, account: Account, rights: FolderRights, naming: Naming): string {
  const words = entry === null ? `mode ${octal(rights.mode)}` : entryWords(entry, rights, qualifierOf(entry, account, naming));
  switch (by) {
    case 'owner':
      return `owns it, ${words}`;
    case 'group':
      return `by ${groupShown(rights.gid, naming.accounts)}, ${words}`;
    case 'acl':
      return `by the entry ${words}`;
    case 'mode':
      return `${words} lets everyone in`;
  }
}
