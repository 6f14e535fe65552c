import type { Acl } from './acl.js';
import { emptySizes, addTo, sizeClassOf, slotOf } from './spread.js';

/** Owner, group, mode and list of finer rights that files of a folder share, and how many do. The list is a place in the record's `lists`; -1 for none. */
export type PartKind = [uid: number, gid: number, mode: number, list: number, items: number];

/** What one folder's own files add to one store, as it is remembered: no name, no moment of a single file but the first and the last. Units: bytes, milliseconds since 1970. */
export interface FolderPart {
  /** Place of the store in its profile. */
  readonly store: number;
  items: number;
  bytesApparent: number;
  bytesAllocated: number;
  oldestMs: number | null;
  newestMs: number | null;
  /** Three numbers for each slot of time: the slot, items, allocated bytes. */
  slots: number[];
  sizes: { items: number[]; bytes: number[] };
  kinds: PartKind[];
  /** Entries that were left out, by reason. */
  skipped: [reason: string, items: number][];
}

interface PartEntry {
  readonly bytes: number;
  readonly allocated: number;
  readonly atMs: number;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly acl: Acl | null;
}

/** Adds up what a folder's files add to one store, so that it can be remembered. */
export class FolderPartSum {
  readonly #slots = new Map<number, [items: number, bytes: number]>();
  readonly #kinds = new Map<string, PartKind>();
  readonly #skipped: Map<string, number>;
  readonly #sum: FolderPart;

  /** Goes on from what was remembered, where there is something. */
  constructor(
    store: number,
    private readonly lists: AclList,
    before: FolderPart | null = null,
  ) {
    this.#sum = before === null ? { store, items: 0, bytesApparent: 0, bytesAllocated: 0, oldestMs: null, newestMs: null, slots: [], sizes: emptySizes(), kinds: [], skipped: [] } : structuredClone(before);
    for (let at = 0; at < this.#sum.slots.length; at += 3) this.#slots.set(this.#sum.slots[at] ?? 0, [this.#sum.slots[at + 1] ?? 0, this.#sum.slots[at + 2] ?? 0]);
    for (const kind of this.#sum.kinds) this.#kinds.set(kind.slice(0, 4).join(' '), kind);
    this.#skipped = new Map(this.#sum.skipped);
  }

  add({ bytes, allocated, atMs, uid, gid, mode, acl }: PartEntry): void {
    const sum = this.#sum;
    sum.items += 1;
    sum.bytesApparent += bytes;
    sum.bytesAllocated += allocated;
    if (sum.oldestMs === null || atMs < sum.oldestMs) sum.oldestMs = atMs;
    if (sum.newestMs === null || atMs > sum.newestMs) sum.newestMs = atMs;
    addTo(sum.sizes, sizeClassOf(bytes), 1, allocated);
    const slot = slotOf(atMs);
    const known = this.#slots.get(slot);
    if (known === undefined) this.#slots.set(slot, [1, allocated]);
    else {
      known[0] += 1;
      known[1] += allocated;
    }
    this.addRights({ uid, gid, mode, acl });
  }

  /** Adds who may do what with a file that is no item by itself. */
  addRights({ uid, gid, mode, acl }: Pick<PartEntry, 'uid' | 'gid' | 'mode' | 'acl'>): void {
    this.#addKind(uid, gid, mode & 0o7777, this.lists.placeOf(acl));
  }

  skip(reason: string): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
  }

  get part(): FolderPart {
    const slots = [...this.#slots].sort(([a], [b]) => a - b).flatMap(([slot, [items, bytes]]) => [slot, items, bytes]);
    return { ...this.#sum, slots, kinds: [...this.#kinds.values()], skipped: [...this.#skipped] };
  }

  #addKind(uid: number, gid: number, mode: number, list: number): void {
    const key = `${uid} ${gid} ${mode} ${list}`;
    const known = this.#kinds.get(key);
    if (known === undefined) this.#kinds.set(key, [uid, gid, mode, list, 1]);
    else known[4] += 1;
  }
}

/** Lists of finer rights that occur in one folder, each once. */
export class AclList {
  constructor(readonly lists: Acl[] = []) {}

  placeOf(acl: Acl | null): number {
    if (acl === null) return -1;
    const at = this.lists.findIndex((known) => known === acl || known.key === acl.key);
    return at === -1 ? this.lists.push(acl) - 1 : at;
  }
}
