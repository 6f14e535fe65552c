import type { AccessBreach } from '@mailwarden/contracts';
import { reaches } from './access-grant.js';
import { declaredPart, isDeclared, ROOT_UID, type AccessParts, type AccountAccess, type CapabilityHolder } from './access-rights.js';
import { octal } from './access-words.js';
import type { Account } from './accounts.js';

/** What a capability lets its holder do with files that are not its own. */
interface Power {
  readonly bit: number;
  readonly write: boolean;
  /** Also where a folder on the way keeps it out. */
  readonly everywhere: boolean;
  readonly words: string;
}

/** Capabilities that pass over the rights of files, or that get there in one step. Source: capabilities(7); numbers from linux/capability.h. */
const POWERS: Readonly<Record<string, Power>> = {
  CAP_DAC_OVERRIDE: { bit: 1, write: true, everywhere: true, words: 'which passes over the rights of every file' },
  CAP_DAC_READ_SEARCH: { bit: 2, write: false, everywhere: true, words: 'which reads every file' },
  CAP_SYS_ADMIN: { bit: 21, write: true, everywhere: true, words: 'with which it can take every other right' },
  CAP_SYS_PTRACE: { bit: 19, write: true, everywhere: true, words: 'with which it can act through any other process' },
  CAP_SETUID: { bit: 7, write: true, everywhere: true, words: 'with which it can become any account' },
  CAP_FOWNER: { bit: 3, write: true, everywhere: false, words: 'with which it can change the mode of every file that it gets to' },
  CAP_CHOWN: { bit: 0, write: true, everywhere: false, words: 'with which it can make every file its own that it gets to' },
};

/** Names of those capabilities that matter here, from the bits of `CapEff` in `/proc/PID/status`. */
export const capabilitiesIn = (effective: bigint): string[] => Object.entries(POWERS).flatMap(([name, { bit }]) => ((effective >> BigInt(bit)) & 1n) === 1n ? [name] : []);

function accountOf({ uid }: CapabilityHolder, { accounts }: AccessParts): Account {
  for (const account of accounts.byName.values()) if (account.uid === uid) return account;
  return { name: accounts.nameOf(uid), uid, gids: new Set() };
}

const wordsOf = ({ capability, isOwn }: CapabilityHolder, { words }: Power): string => (isOwn ? `Mailwarden's own process, which runs with ${capability}` : `a process of this account runs with ${capability}, ${words}`);

/** Adds what a capability gives to what an account is let into by the files' own rights. */
function withPower(before: AccountAccess | undefined, bare: Pick<AccountAccess, 'name' | 'declared'>, power: Power, words: string): AccountAccess {
  if (before === undefined) return { ...bare, read: true, write: power.write, because: words };
  const { namesOnly, ...kept } = before;
  const adds = !before.read || namesOnly === true || (power.write && !before.write);
  return { ...kept, read: true, write: before.write || power.write, because: adds ? `${before.because}; ${words}` : before.because };
}

/** Accounts whose running processes pass over the rights of files: added to those shown, and a breach where the profile does not name them. Mailwarden's own process is shown and is no breach: whoever runs it declared it. */
export function heldRights(parts: AccessParts, shown: Map<string, AccountAccess>): AccessBreach[] {
  const { accounts, entries, protection } = parts;
  const breaches: AccessBreach[] = [];
  for (const holder of parts.holders ?? []) {
    const power = POWERS[holder.capability];
    if (power === undefined || holder.uid === ROOT_UID) continue;
    const account = accountOf(holder, parts);
    const reached = power.everywhere ? entries : entries.filter(({ through }) => reaches(account, through));
    const [first] = reached;
    if (first === undefined) continue;
    const words = wordsOf(holder, power);
    const name = parts.shownName(account);
    shown.set(account.name, withPower(shown.get(account.name), { name, ...(holder.isOwn ? { declared: true } : declaredPart(account, protection, accounts)) }, power, words));
    if (holder.isOwn || protection.accounts === null || isDeclared(account, protection, accounts) || breaches.some((breach) => breach.account === name)) continue;
    breaches.push({ kind: 'capability', account: name, read: true, write: power.write, items: reached.reduce((sum, { items }) => sum + items, 0), mode: octal(first.mode), because: words });
  }
  return breaches;
}
