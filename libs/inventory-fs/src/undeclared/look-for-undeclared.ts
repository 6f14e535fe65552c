import type { Profile } from '@mailwarden/catalogue';
import type { UndeclaredData } from '@mailwarden/contracts';
import { compilePatterns, looksLikeLetter, mayBeReadForLetters, UndeclaredTally, type BytePath, type PatternSet } from '@mailwarden/inventory';
import { known, unknown, type Measured, type ProfileId } from '@mailwarden/kernel';
import type { Directory } from '../directory-descriptor.js';
import { readAccounts, type Host } from '../host.js';
import { resolveOnHost } from '../measure-host.js';
import type { Pace } from '../pace/pace.js';
import { publicHead } from './file-head.js';
import { HostTour, type TourEnd } from './host-tour.js';
import { ownMounts } from './own-mounts.js';

/** A letter that lies about for longer was seen by earlier looks. Units: days. */
const RECENT_DAYS = 30;
const DAY_MS = 86_400_000;
/** The smallest letter, and the largest mailbox, that is looked into. Units: bytes. */
const LETTER_BYTES_MIN = 100;
const LETTER_BYTES_MAX = 4_294_967_296;
const OTHERS_READ = 0o004;
/** Reading a beginning takes about as long as looking at so many entries. */
const READ_COST_ENTRIES = 8;
/** Profile that letters of nobody are told by. */
const OF_THE_HOST = 'linux-host';
const SOURCE = 'owners and beginnings of files outside every store';

/** What one round of looking may cost. */
export interface LookTerms {
  readonly pace: Pace;
  /** Entries that one round looks at. */
  readonly entriesMax: number;
  /** Units: milliseconds since 1970. */
  readonly nowMs: number;
  /** Folders below the host's root that are not entered, as the agent's own. */
  readonly excluded: readonly BytePath[];
}

/** A look that takes several rounds, as far as it has come. Whoever looks keeps it from round to round; it lives no longer than the process. */
export interface Look {
  /** The last folder that was looked at; null when everything was. */
  readonly after: BytePath | null;
  readonly entries: number;
  readonly partly: number;
  readonly tallies: ReadonlyMap<ProfileId, UndeclaredTally>;
  /** Why nothing can be told; null where it can. */
  readonly trouble: string | null;
}

interface Declared {
  /** By number of the account; the first profile that names an account answers for its files. */
  readonly owners: ReadonlyMap<number, ProfileId>;
  /** Profile that letters are told by. */
  readonly ofLetters: ProfileId | undefined;
  readonly stores: PatternSet;
}

const BEGUN: Look = { after: null, entries: 0, partly: 0, tallies: new Map(), trouble: null };

/** Accounts of the profiles, by number; the super-user is everybody's, so that what he owns proves nothing. */
function declaredBy(host: Pick<Host, 'root'>, profiles: readonly Profile[]): Declared | string {
  const accounts = readAccounts(host);
  if (!accounts.ok) return `the accounts of this host are not known: ${accounts.error}`;
  const owners = new Map<number, ProfileId>();
  const named = [...profiles.map(({ id, accounts: { service } }) => [id, service] as const), ...profiles.flatMap(({ id, accounts: { others } }) => others.map((name) => [id, name] as const))];
  for (const [id, name] of named) {
    const account = accounts.value.byName.get(name);
    if (account !== undefined && account.uid !== 0 && !owners.has(account.uid)) owners.set(account.uid, id);
  }
  const ofLetters = (profiles.find(({ id }) => id === OF_THE_HOST) ?? profiles[0])?.id;
  return { owners, ofLetters, stores: compilePatterns(profiles.flatMap(({ stores }) => stores.flatMap(({ files }) => files))) };
}

/** Judges each file that a tour meets. */
class Guest {
  constructor(
    private readonly declared: Declared,
    private readonly tallies: Map<ProfileId, UndeclaredTally>,
    private readonly terms: LookTerms,
  ) {}

  enters(path: BytePath): boolean {
    return !this.terms.excluded.includes(path);
  }

  file(path: BytePath, name: BytePath, stat: { uid: number; mode: number; size: number; mtimeMs: number }, folder: Directory, isPublic: boolean): number {
    const owner = this.declared.owners.get(stat.uid);
    const mayBeLetter = isPublic && (stat.mode & OTHERS_READ) !== 0 && this.#isRecent(stat) && mayBeReadForLetters(path);
    if (stat.size === 0 || (owner === undefined && !mayBeLetter) || this.declared.stores.matches(path)) return 0;
    const found = { path, size: stat.size, mtimeMs: stat.mtimeMs };
    if (owner !== undefined) this.#tallyOf(owner).add('account-files', found);
    if (!mayBeLetter || this.declared.ofLetters === undefined) return 0;
    const head = publicHead(folder, name);
    if (head !== null && looksLikeLetter(head)) this.#tallyOf(owner ?? this.declared.ofLetters).add('mail-like', found);
    return READ_COST_ENTRIES;
  }

  #isRecent({ size, mtimeMs }: { size: number; mtimeMs: number }): boolean {
    return size >= LETTER_BYTES_MIN && size <= LETTER_BYTES_MAX && mtimeMs > this.terms.nowMs - RECENT_DAYS * DAY_MS;
  }

  #tallyOf(profile: ProfileId): UndeclaredTally {
    const tally = this.tallies.get(profile) ?? new UndeclaredTally();
    this.tallies.set(profile, tally);
    return tally;
  }
}

/**
 * Looks for data that no store of any profile covers: files of the products' accounts, and letters that everyone may read. One round; give it the look that came back until `after` is null.
 * It stays on file systems of this host. Of a file it reads 4 KiB, and only where everyone may read them anyway.
 * Privacy: it keeps counts by folder of the system; the place where a round ended stays in this process.
 */
export async function lookForUndeclared(host: Host, profiles: readonly Profile[], before: Look | null, terms: LookTerms): Promise<Look> {
  const begun = before === null || before.after === null ? BEGUN : before;
  const declared = declaredBy(host, await Promise.all(profiles.map((profile) => resolveOnHost(host, profile))));
  if (typeof declared === 'string') return { ...BEGUN, trouble: declared };
  const tallies = new Map(begun.tallies);
  const guest = new Guest(declared, tallies, terms);
  const end: TourEnd = await new HostTour(ownMounts(), guest, terms).round(host.root, begun.after);
  return { after: end.after, entries: begun.entries + end.entries, partly: begun.partly + end.partly, tallies, trouble: null };
}

/** What a look tells of one profile: unknown until it has been everywhere. */
export function foundBy(look: Look, profile: ProfileId): Measured<UndeclaredData[]> {
  if (look.trouble !== null) return unknown(look.trouble);
  if (look.after !== null) return unknown(`the look at this host is not finished: ${look.entries} entries so far; the next scan goes on there`);
  const note = look.partly === 0 ? '' : `; ${look.partly} folders only in part`;
  return known(look.tallies.get(profile)?.list() ?? [], `${SOURCE}, ${look.entries} entries${note}`);
}
