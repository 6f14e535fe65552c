import type { Spread } from '@mailwarden/contracts';
import type { EntryRights } from './access.js';
import type { Acl } from './acl.js';
import type { FolderPart } from './folder-part.js';
import { addSpread, addTo, ageClassOf, emptyAges, emptySizes, sizeClassOf, SLOT_MS } from './spread.js';
import { OPEN_WAY, type Way } from './way.js';

/** Kinds of rights told apart in one store. Whoever may set modes at will could otherwise fill the memory; beyond it, the way to an entry counts as open. */
const KINDS_MAX = 20_000;

/** What an entry takes up. Units: bytes, milliseconds since 1970. */
export interface SeenAmounts {
  readonly bytes: number;
  readonly allocated: number;
  readonly atMs: number;
}

/** Who may do what with an entry, and on which way. */
export interface SeenRights {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** Its list of finer rights; absent or null where it has none. */
  readonly acl?: Acl | null;
  /** For folders: the list that what is made in it begins with. */
  readonly defaultAcl?: Acl | null;
  readonly way: Way;
}

/** One entry of a store, as the walk saw it. */
export interface SeenEntry extends SeenAmounts, SeenRights {}

/** A tally as plain data, so that it can be posted from thread to thread. */
export interface TallyData {
  readonly items: number;
  readonly bytesApparent: number;
  readonly bytesAllocated: number;
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  readonly leftovers: { readonly items: number; readonly bytes: number; readonly oldestMs: number | null };
  readonly ages: Spread;
  readonly sizes: Spread;
  readonly skipped: ReadonlyMap<string, number>;
  readonly kinds: ReadonlyMap<string, { readonly rights: EntryRights; readonly way: Way }>;
}

/** What one store adds up to, folded while walking: nothing is kept per entry. */
export class StoreTally implements TallyData {
  items = 0;
  bytesApparent = 0;
  bytesAllocated = 0;
  oldestMs: number | null = null;
  newestMs: number | null = null;
  readonly leftovers = { items: 0, bytes: 0, oldestMs: null as number | null };
  readonly ages = emptyAges();
  readonly sizes = emptySizes();
  readonly skipped = new Map<string, number>();
  readonly kinds = new Map<string, { readonly rights: EntryRights; readonly way: Way }>();
  /** Rights of the entry before, with the mode as the kernel gave it: neighbours mostly share theirs. */
  #last: { readonly rights: EntryRights; readonly mode: number; readonly acl: Acl | null; readonly way: Way } | null = null;

  /** Entries older than `leftoverBeforeMs` are leftovers; null where the store knows none. Ages count from `nowMs`. Units: milliseconds since 1970. */
  constructor(
    private readonly leftoverBeforeMs: number | null,
    private readonly nowMs: number,
  ) {}

  add(entry: SeenEntry): void {
    this.addAmounts(entry);
    this.addRights(entry, false);
  }

  addAmounts({ bytes, allocated, atMs }: SeenAmounts): void {
    this.items += 1;
    this.bytesApparent += bytes;
    this.bytesAllocated += allocated;
    this.#span(atMs, atMs);
    addTo(this.ages, ageClassOf(atMs, this.nowMs), 1, allocated);
    addTo(this.sizes, sizeClassOf(bytes), 1, allocated);
    if (this.leftoverBeforeMs !== null && atMs < this.leftoverBeforeMs) this.#addLeftovers({ items: 1, bytes: allocated, oldestMs: atMs });
  }

  addRights({ uid, gid, mode, acl = null, defaultAcl = null, way }: SeenRights, folder: boolean): void {
    const last = this.#last;
    if (last !== null && last.mode === mode && last.acl === acl && last.rights.uid === uid && last.rights.gid === gid && last.rights.folder === folder && last.way === way && defaultAcl === null) {
      last.rights.items += 1;
      return;
    }
    const rights = this.#kindOf({ uid, gid, mode: mode & 0o7777, acl, folder, ...(defaultAcl === null ? {} : { defaultAcl }) }, way);
    rights.items += 1;
    this.#last = defaultAcl === null ? { rights, mode, acl, way } : null;
  }

  /** Adds what a folder was remembered for; all its files share one way. */
  addPart(part: FolderPart, lists: readonly Acl[], way: Way): void {
    this.items += part.items;
    this.bytesApparent += part.bytesApparent;
    this.bytesAllocated += part.bytesAllocated;
    if (part.oldestMs !== null && part.newestMs !== null) this.#span(part.oldestMs, part.newestMs);
    for (let at = 0; at < part.slots.length; at += 3) addTo(this.ages, ageClassOf((part.slots[at] ?? 0) * SLOT_MS, this.nowMs), part.slots[at + 1] ?? 0, part.slots[at + 2] ?? 0);
    addSpread(this.sizes, part.sizes);
    for (const [uid, gid, mode, list, items] of part.kinds) this.#kindOf({ uid, gid, mode, acl: lists[list] ?? null, folder: false }, way).items += items;
    for (const [reason, items] of part.skipped) this.skip(reason, items);
  }

  /** Adds another tally of the same store. */
  absorb(other: TallyData): void {
    this.items += other.items;
    this.bytesApparent += other.bytesApparent;
    this.bytesAllocated += other.bytesAllocated;
    if (other.oldestMs !== null && other.newestMs !== null) this.#span(other.oldestMs, other.newestMs);
    this.#addLeftovers(other.leftovers);
    addSpread(this.ages, other.ages);
    addSpread(this.sizes, other.sizes);
    for (const [reason, items] of other.skipped) this.skip(reason, items);
    for (const { rights, way } of other.kinds.values()) this.#kindOf(rights, way).items += rights.items;
  }

  skip(reason: string, items = 1): void {
    this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + items);
  }

  /** What can be posted: the numbers, and no method. */
  get data(): TallyData {
    const { items, bytesApparent, bytesAllocated, oldestMs, newestMs, leftovers, ages, sizes, skipped, kinds } = this;
    return { items, bytesApparent, bytesAllocated, oldestMs, newestMs, leftovers, ages, sizes, skipped, kinds };
  }

  /** Each kind of rights in the store, with how many share it: in an order of their own, so that two scans of the same store tell the same. */
  get rights(): EntryRights[] {
    return [...this.kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { rights }]) => rights);
  }

  #kindOf(kind: Omit<EntryRights, 'items' | 'through'>, way: Way): EntryRights {
    const through = this.kinds.size < KINDS_MAX ? way : OPEN_WAY;
    const key = `${kind.uid} ${kind.gid} ${kind.mode} ${kind.folder} ${kind.acl?.key ?? ''} ${kind.defaultAcl?.key ?? ''} ${through.key}`;
    const known = this.kinds.get(key);
    if (known !== undefined) return known.rights;
    const { uid, gid, mode, folder, acl, defaultAcl } = kind;
    const rights: EntryRights = { uid, gid, mode, folder, ...(acl == null ? {} : { acl }), ...(defaultAcl == null ? {} : { defaultAcl }), through: through.folders, items: 0 };
    this.kinds.set(key, { rights, way: through });
    return rights;
  }

  #span(oldestMs: number, newestMs: number): void {
    if (this.oldestMs === null || oldestMs < this.oldestMs) this.oldestMs = oldestMs;
    if (this.newestMs === null || newestMs > this.newestMs) this.newestMs = newestMs;
  }

  #addLeftovers({ items, bytes, oldestMs }: TallyData['leftovers']): void {
    this.leftovers.items += items;
    this.leftovers.bytes += bytes;
    if (oldestMs !== null && (this.leftovers.oldestMs === null || oldestMs < this.leftovers.oldestMs)) this.leftovers.oldestMs = oldestMs;
  }
}
