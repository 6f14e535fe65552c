import type { EntryRights } from './access.js';
import { OPEN_WAY, type Way } from './way.js';

/** Kinds of rights told apart in one store. Whoever may set modes at will could otherwise fill the memory; beyond it, the way to an entry counts as open. */
const KINDS_MAX = 20_000;

/** One entry of a store, as the walk saw it. Units: bytes, milliseconds since 1970. */
export interface SeenEntry {
  readonly bytes: number;
  readonly allocated: number;
  readonly atMs: number;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly way: Way;
}

/** What one store adds up to, folded while walking: nothing is kept per entry. */
export class StoreTally {
  items = 0;
  bytesApparent = 0;
  bytesAllocated = 0;
  oldestMs: number | null = null;
  newestMs: number | null = null;
  readonly leftovers = { items: 0, bytes: 0, oldestMs: null as number | null };
  readonly skipped = new Map<string, number>();
  readonly #rights = new Map<string, EntryRights>();
  /** Rights of the entry before, with the mode as the kernel gave it: neighbours mostly share theirs. */
  #last: { readonly rights: EntryRights; readonly mode: number; readonly way: Way } | null = null;

  /** Entries older than this are leftovers; null where the store knows none. */
  constructor(private readonly leftoverBeforeMs: number | null) {}

  add(entry: SeenEntry): void {
    this.items += 1;
    this.bytesApparent += entry.bytes;
    this.bytesAllocated += entry.allocated;
    if (this.oldestMs === null || entry.atMs < this.oldestMs) this.oldestMs = entry.atMs;
    if (this.newestMs === null || entry.atMs > this.newestMs) this.newestMs = entry.atMs;
    this.addRights(entry, false);
    if (this.leftoverBeforeMs !== null && entry.atMs < this.leftoverBeforeMs) this.#addLeftover(entry);
  }

  addRights({ uid, gid, mode, way }: Pick<SeenEntry, 'uid' | 'gid' | 'mode' | 'way'>, folder: boolean): void {
    const last = this.#last;
    if (last !== null && last.mode === mode && last.rights.uid === uid && last.rights.gid === gid && last.rights.folder === folder && last.way === way) {
      last.rights.items += 1;
      return;
    }
    const through = this.#rights.size < KINDS_MAX ? way : OPEN_WAY;
    const key = `${uid} ${gid} ${mode} ${folder} ${through.key}`;
    const known = this.#rights.get(key);
    const rights = known ?? { uid, gid, mode: mode & 0o7777, folder, through: through.folders, items: 0 };
    if (known === undefined) this.#rights.set(key, rights);
    rights.items += 1;
    this.#last = { rights, mode, way };
  }

  skip(reason: string): void {
    this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1);
  }

  get rights(): EntryRights[] {
    return [...this.#rights.values()];
  }

  #addLeftover(entry: SeenEntry): void {
    this.leftovers.items += 1;
    this.leftovers.bytes += entry.allocated;
    if (this.leftovers.oldestMs === null || entry.atMs < this.leftovers.oldestMs) this.leftovers.oldestMs = entry.atMs;
  }
}
