import { fstatSync, type Stats } from 'node:fs';
import type { Profile, Store } from '@mailwarden/catalogue';
import { ACL_ATTRIBUTE, compilePatterns, DEFAULT_ACL_ATTRIBUTE, OPEN_WAY, outermost, parseAcl, repairOf, Ways, type Acl, type BytePath, type Repair, type RepairableEntry, type RepairTerms, type Way } from '@mailwarden/inventory';
import { entryPath, walk, type Directory, type Host, type Visitor } from '@mailwarden/inventory-fs';
import { attributeOf, readExtendedAttribute } from '@mailwarden/linux';
import { HOST_ROOT, keptBelow, keptIn, storeOwners, type KeptFolder, type StoreOwners } from '../folder-owners.js';
import { isForbidden } from '../safe-root.js';

/** More would not be held in memory; the next run goes on. Units: entries. */
export const REPAIRS_MAX = 500_000;
/** Kinds of rights that are judged once. */
const JUDGED_MAX = 20_000;
const NUL = Buffer.of(0);

/** Why an entry that lets somebody in is left as it is. */
export const LEFT_REASONS = ['hard-linked', 'not-a-file-or-folder', 'would-shut-out', 'system-folder', 'unreadable', 'too-many', 'changed', 'failed', 'anothers'] as const;
export type LeftReason = (typeof LEFT_REASONS)[number];

/** One entry whose rights are to be changed. */
export interface FoundRepair {
  /** The store's own folder; the entry lies below it, or is it where `path` is empty. */
  readonly root: BytePath;
  readonly path: BytePath;
  readonly ino: number;
  /** When its inode was made; 0 where the file system keeps no such moment. Units: milliseconds since 1970. */
  readonly bornMs: number;
  readonly entry: RepairableEntry;
  readonly repair: Repair;
}

export interface FoundRepairs {
  /** Entries that were looked at. */
  readonly seen: number;
  readonly repairs: readonly FoundRepair[];
  readonly left: ReadonlyMap<LeftReason, number>;
  /** Folders above the store, outermost first, which are never changed. */
  readonly above: readonly { readonly uid: number; readonly gid: number; readonly mode: number; readonly acl: null }[];
  readonly unreadable: string | null;
}

/** Errors: throws what the kernel says; a list of another form than is known counts as none that could be changed. */
function listOf(path: Buffer, attribute: string): Acl | null | undefined {
  const bytes = readExtendedAttribute(Buffer.concat([path, NUL]), attribute);
  return bytes === null ? null : (parseAcl(bytes) ?? undefined);
}

/** Judges entries; those with the same rights and the same way to them are judged once. */
class Judge {
  readonly #known = new Map<string, Repair>();

  constructor(private readonly terms: RepairTerms) {}

  of(entry: RepairableEntry, way: Way): Repair {
    const key = `${entry.folder} ${entry.carried} ${entry.uid}:${entry.gid}:${entry.mode} ${entry.acl?.key ?? ''} ${entry.defaultAcl?.key ?? ''} ${way.key}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const repair = repairOf(entry, this.terms);
    if (this.#known.size < JUDGED_MAX) this.#known.set(key, repair);
    return repair;
  }
}

class Search implements Visitor {
  seen = 0;
  readonly repairs: FoundRepair[] = [];
  readonly left = new Map<LeftReason, number>();
  readonly #ways = new Ways();
  readonly #wayTo = new Map<BytePath, Way>();
  /** Null for folders that somebody carried here, and what lies below them. */
  readonly #keptAt = new Map<BytePath, KeptFolder | null>();
  readonly #judge: Judge;
  chain: FoundRepairs['above'] = [];

  constructor(
    private readonly root: BytePath,
    private readonly patterns: { readonly own: ReturnType<typeof compilePatterns>; readonly excluded: ReturnType<typeof compilePatterns> },
    private readonly owners: StoreOwners,
    terms: RepairTerms,
  ) {
    this.#judge = new Judge(terms);
  }

  above(_path: BytePath, chain: readonly Pick<Directory, 'uid' | 'gid' | 'mode'>[]): void {
    this.chain = chain.map(({ uid, gid, mode }) => ({ uid, gid, mode, acl: null }));
    this.#wayTo.set('', this.chain.reduce((way, folder) => this.#ways.through(way, folder), OPEN_WAY));
    this.#keptAt.set('', keptBelow(chain, this.owners));
  }

  file(path: BytePath, name: BytePath, stat: Stats, folder: Directory): void {
    if (!this.#isOwn(path)) return;
    if (stat.nlink > 1) return this.#leave('hard-linked');
    try {
      const acl = listOf(entryPath(folder, name), ACL_ATTRIBUTE);
      if (acl === undefined) return this.#leave('unreadable');
      const parent = path.slice(0, path.length - name.length - 1);
      this.#look(path, stat, { folder: false, acl, defaultAcl: null, carried: this.#keptAt.get(parent) === null }, this.#wayTo.get(parent) ?? OPEN_WAY);
    } catch {
      this.#leave('unreadable');
    }
  }

  folder(path: BytePath, directory: Directory): void {
    const parent = path === this.root ? '' : path.slice(0, path.lastIndexOf('/'));
    const before = this.#wayTo.get(parent) ?? OPEN_WAY;
    const keptAbove = this.#keptAt.get(parent) === undefined ? HOST_ROOT : (this.#keptAt.get(parent) ?? null);
    const kept = keptAbove === null ? null : keptIn(keptAbove, directory, this.owners);
    this.#keptAt.set(path, kept);
    const [acl, defaultAcl] = [ACL_ATTRIBUTE, DEFAULT_ACL_ATTRIBUTE].map((name) => {
      const bytes = attributeOf(directory.fd, name);
      return typeof bytes === 'number' ? null : (parseAcl(bytes) ?? undefined);
    });
    const { uid, gid, mode } = directory;
    this.#wayTo.set(path, this.#ways.through(before, { uid, gid, mode, acl: acl ?? null }));
    if (!this.patterns.own.ownsFolder(path) || this.patterns.excluded.ownsFolder(path)) return;
    if (acl === undefined || defaultAcl === undefined) return this.#leave('unreadable');
    this.#look(path, fstatSync(directory.fd), { folder: true, acl, defaultAcl, carried: kept === null }, before);
  }

  passedOver(path: BytePath, reason: string): void {
    if (this.#isOwn(path)) this.#leave(reason === 'not-a-regular-file' ? 'not-a-file-or-folder' : 'unreadable');
  }

  #isOwn(path: BytePath): boolean {
    return this.patterns.own.matches(path) && !this.patterns.excluded.matches(path);
  }

  #leave(reason: LeftReason): void {
    this.left.set(reason, (this.left.get(reason) ?? 0) + 1);
  }

  #look(path: BytePath, { uid, gid, mode, ino, birthtimeMs }: Stats, lists: Pick<RepairableEntry, 'folder' | 'acl' | 'defaultAcl' | 'carried'>, way: Way): void {
    this.seen += 1;
    const entry: RepairableEntry = { uid, gid, mode, ...lists, through: way.folders };
    const repair = this.#judge.of(entry, way);
    if (repair.left) this.#leave(repair.isAnothers ? 'anothers' : 'would-shut-out');
    if (!repair.isChanged) return;
    if (lists.folder && isForbidden(path)) return this.#leave('system-folder');
    if (this.repairs.length >= REPAIRS_MAX) return this.#leave('too-many');
    this.repairs.push({ root: this.root, path: path.slice(this.root.length + 1), ino, bornMs: birthtimeMs, entry, repair });
  }
}

/** Looks at every entry of a store and at the folders on the way; touches nothing. */
export async function findRepairs(host: Host, profile: Profile, store: Store, terms: RepairTerms): Promise<FoundRepairs> {
  const own = compilePatterns(store.files);
  const earlier = profile.stores.slice(0, profile.stores.findIndex((candidate) => candidate.id === store.id));
  const excluded = compilePatterns([...store.exclude, ...earlier.flatMap((other) => other.files)]);
  const owners = storeOwners(host, profile, store);
  const found = { seen: 0, repairs: [] as FoundRepair[], left: new Map<LeftReason, number>(), above: [] as FoundRepairs['above'], unreadable: null as string | null };
  for (const root of outermost(own.roots)) {
    const search = new Search(root, { own, excluded }, owners, terms);
    const failed = await walk(host.root, root, search);
    if (failed !== null && failed !== 'absent') found.unreadable = `${store.id} cannot be read (${failed})`;
    found.seen += search.seen;
    for (const repair of search.repairs) found.repairs.push(repair);
    for (const [reason, entries] of search.left) found.left.set(reason, (found.left.get(reason) ?? 0) + entries);
    found.above = [...found.above, ...search.chain];
  }
  return found;
}
