import type { AccessBreach } from '@mailwarden/contracts';
import { givesNamesOnly, grantFor, READ, reaches, SEARCH, WRITE, type Grant, type Granted } from './access-grant.js';
import { ANYONE_ELSE } from './access-classes.js';
import type { EntryRights, FolderRights, Naming } from './access-rights.js';
import { grantWords, octal } from './access-words.js';
import type { Account } from './accounts.js';

export const EVERYONE = 'everyone';
/** Beyond it there is nothing more to learn, and whoever may set rights at will could otherwise fill the memory. */
const BREACHES_MAX = 4_096;

/** One breach and the kinds of entry that are counted in it. */
interface OpenBreach {
  breach: AccessBreach;
  readonly counted: Set<EntryRights>;
}

/** Gathers the ways in that are not declared: one breach for each account and kind of way; each kind of entry counts once in it. */
export class BreachBook {
  readonly #open = new Map<string, OpenBreach>();
  readonly #openWays = new Map<readonly FolderRights[], boolean>();

  constructor(private readonly naming: Naming) {}

  get breaches(): AccessBreach[] {
    return [...this.#open.values()].map(({ breach }) => breach);
  }

  /** What comes by "others" is one breach for everyone, not one for each account, unless the folders above let only that account through. The widest right is shown. */
  add(account: Account, granted: readonly Granted[]): void {
    for (const one of granted) {
      const { rights, grant, read, write } = one;
      const name = grant.by === 'mode' && this.#isOpenWay(rights.through) ? EVERYONE : this.naming.shownName(account);
      const known = this.#openBreach(`${grant.by} ${name}`, { kind: grant.by, account: name, read: false, write: false, items: 0, mode: '', because: '' });
      if (known === null) continue;
      const { breach, counted } = known;
      const { namesOnly, ...wider } = breach;
      const stillNamesOnly = givesNamesOnly(one) && (breach.items === 0 || namesOnly === true);
      const isWidest = breach.items === 0 || (write && !breach.write) || (namesOnly === true && !stillNamesOnly);
      known.breach = {
        ...wider,
        ...(stillNamesOnly ? { namesOnly: true } : {}),
        read: read || breach.read,
        write: write || breach.write,
        items: breach.items + (counted.has(rights) ? 0 : rights.items),
        ...(isWidest ? { mode: octal(rights.mode), because: grantWords(grant, account, rights, this.naming) } : {}),
      };
      counted.add(rights);
    }
  }

  /** What is made in a folder begins with its default list. Whoever is let in already needs no second telling. */
  addInherited(account: Account, rights: EntryRights): void {
    const grant = inheritedGrant(account, rights);
    if (grant === null || grant.entry === null) return;
    const name = grant.by === 'mode' && this.#isOpenWay(rights.through) ? EVERYONE : this.naming.shownName(account);
    if (this.#open.has(`${grant.by} ${name}`)) return;
    const known = this.#openBreach(`inherited ${name}`, { kind: 'acl', account: name, read: false, write: false, items: 0, mode: octal(rights.mode), because: '' });
    if (known === null || known.counted.has(rights)) return;
    known.counted.add(rights);
    const because = known.breach.because === '' ? `what is made here begins with default:${grantWords(grant, account, { ...rights, acl: rights.defaultAcl ?? null }, this.naming).replace(/^by the entry | lets everyone in$/g, '')}` : known.breach.because;
    known.breach = { ...known.breach, items: known.breach.items + rights.items, because };
  }

  #isOpenWay(through: readonly FolderRights[]): boolean {
    const isOpen = this.#openWays.get(through) ?? reaches(ANYONE_ELSE, through);
    this.#openWays.set(through, isOpen);
    return isOpen;
  }

  #openBreach(key: string, empty: AccessBreach): OpenBreach | null {
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    if (this.#open.size >= BREACHES_MAX) return null;
    const opened = { breach: empty, counted: new Set<EntryRights>() };
    this.#open.set(key, opened);
    return opened;
  }
}

/** Every bit that a list can give, so that the list alone decides. */
const LIST_DECIDES = 0o777;
/** Nobody: who will own what is made is not known. */
const NO_ID = -2;

/** What the default list of a folder would give an account that gets into it. Owner and owning group are those of whoever makes the entry, so they give nothing here. */
function inheritedGrant(account: Account, { defaultAcl, ...rights }: EntryRights): Grant | null {
  if (defaultAcl == null || grantFor(account, rights, SEARCH) === null) return null;
  const made = { uid: NO_ID, gid: NO_ID, mode: LIST_DECIDES, acl: defaultAcl };
  return grantFor(account, made, READ) ?? grantFor(account, made, WRITE);
}
