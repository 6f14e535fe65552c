import { SKIP_REASONS, type SkipReason } from '@mailwarden/contracts';
import type { BytePath } from '@mailwarden/inventory';
import { orderOf, type AgedItems } from '@mailwarden/rotation';
import type { WalkedFolder } from './store-walk.js';

/** So many items are known at a time, whatever the store holds: about 35 MB with names of 40 bytes. */
const ITEMS_MAX = 393_216;
/** What is kept when there is no more room. The more it is, the seldomer a store has to be walked again, and the oftener its items are sorted. */
const KEPT_SHARE = 0.75;
/** No name on Linux is longer. Units: bytes. */
const NAME_BYTES_MAX = 255;
/** Room for names is taken in such steps. Units: bytes. */
const NAME_BYTES_STEP = 1_048_576;

/** A folder by where it lies. */
export interface FolderName {
  /** The store's own folder, from which the way down is walked again. */
  readonly root: BytePath;
  /** Below the root; empty for the root itself. */
  readonly folder: BytePath;
}

/** Where an item stands among all of a store. Items of one moment are told apart by their inode. */
export interface AgeKey {
  readonly atMs: number;
  readonly ino: number;
}

/** One regular file of a store, with what it is known by: the plan deletes this file and no other that took its name. Units: bytes, allocated for `bytes`; milliseconds since 1970. */
export interface PlannedFile extends FolderName {
  readonly name: BytePath;
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly bytes: number;
  /** For a folder that is one item: size, bytes and moment are those of all that lies in it. */
  readonly isUnit?: true;
}

/** What is known of an item when it is found: a file, by its reader, or a folder that is one item. */
export interface FoundEntry {
  readonly name: BytePath;
  readonly facts: { readonly dev: number; readonly ino: number; readonly size: number; readonly allocated: number; readonly mtimeMs: number };
}

/** In the column of reasons: the item is a folder. */
const UNIT = 0x80;
const REASON = 0x7f;

const NOWHERE: FolderName = { root: '', folder: '' };
const comparable = (atMs: number): number => (Number.isNaN(atMs) ? Infinity : atMs);
/** Whether an item comes after another, by age and inode. */
export const isAfter = (a: AgeKey, b: AgeKey): boolean => (comparable(a.atMs) === comparable(b.atMs) ? a.ino > b.ino : comparable(a.atMs) > comparable(b.atMs));

/**
 * The oldest items of a store, as columns: it takes in as many as it is shown, and keeps as many as it has room for. Memory stays the same however many it is shown.
 */
export class ItemWindow implements AgedItems {
  readonly bytes: Float64Array;
  readonly atMs: Float64Array;
  /** The modification time, which a hold may mean as well. */
  readonly otherMs: Float64Array;
  readonly #ino: Float64Array;
  readonly #size: Float64Array;
  readonly #dev: Uint16Array;
  readonly #folder: Uint32Array;
  readonly #reason: Uint8Array;
  readonly #nameAt: Uint32Array;
  readonly #nameBytes: ArrayBuffer;
  #names: Buffer;
  #devs: number[] = [];
  #folders: FolderName[] = [];
  #lastFolder: WalkedFolder | null = null;
  #count = 0;
  #ceiling: AgeKey | null = null;

  /** Room is taken for all items at once: what was never written to takes no memory, and nothing has to be copied when there are more. */
  constructor(private readonly itemsMax = ITEMS_MAX) {
    [this.bytes, this.atMs, this.otherMs, this.#ino, this.#size] = [0, 0, 0, 0, 0].map(() => new Float64Array(itemsMax)) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
    [this.#dev, this.#folder, this.#reason] = [new Uint16Array(itemsMax), new Uint32Array(itemsMax), new Uint8Array(itemsMax)];
    this.#nameAt = new Uint32Array(itemsMax + 1);
    this.#nameBytes = new ArrayBuffer(NAME_BYTES_STEP, { maxByteLength: NAME_BYTES_STEP + itemsMax * NAME_BYTES_MAX });
    this.#names = Buffer.from(this.#nameBytes);
  }

  get count(): number {
    return this.#count;
  }

  /** False once something younger had to be left out. */
  get isWhole(): boolean {
    return this.#ceiling === null;
  }

  readonly blockedBy = (place: number): SkipReason | null => SKIP_REASONS[((this.#reason[place] ?? 0) & REASON) - 1] ?? null;

  /** True for an item that would be left out anyway. */
  isBeyond(key: AgeKey): boolean {
    return this.#ceiling !== null && isAfter(key, this.#ceiling);
  }

  add(folder: WalkedFolder, { name, facts }: FoundEntry, atMs: number, reason: SkipReason | null, isUnit = false): void {
    const { ino } = facts;
    if (this.#count === this.itemsMax) this.#drop();
    if (this.isBeyond({ atMs, ino })) return;
    const place = this.#count;
    this.#count += 1;
    this.bytes[place] = facts.allocated;
    this.atMs[place] = atMs;
    this.otherMs[place] = facts.mtimeMs;
    this.#ino[place] = ino;
    this.#size[place] = facts.size;
    this.#dev[place] = this.#devPlace(facts.dev);
    this.#folder[place] = this.#folderPlace(folder);
    this.#reason[place] = (reason === null ? 0 : SKIP_REASONS.indexOf(reason) + 1) | (isUnit ? UNIT : 0);
    this.#keepName(place, name);
  }

  /** Places from the oldest to the newest. */
  order(): Uint32Array {
    return orderOf(this.atMs.subarray(0, this.#count), this.#ino.subarray(0, this.#count));
  }

  keyOf(place: number): AgeKey {
    return { atMs: this.atMs[place] ?? Number.NaN, ino: this.#ino[place] ?? 0 };
  }

  rootAt(place: number): BytePath {
    return (this.#folders[this.#folder[place] ?? 0] ?? NOWHERE).root;
  }

  fileAt(place: number): PlannedFile {
    const folder = this.#folders[this.#folder[place] ?? 0] ?? NOWHERE;
    const [bytes, size, mtimeMs, ino] = [this.bytes[place] ?? 0, this.#size[place] ?? 0, this.otherMs[place] ?? 0, this.#ino[place] ?? 0];
    return { ...folder, name: this.#names.toString('latin1', this.#nameAt[place] ?? 0, this.#nameAt[place + 1] ?? 0), dev: this.#devs[this.#dev[place] ?? 0] ?? -1, ino, size, mtimeMs, bytes, ...(((this.#reason[place] ?? 0) & UNIT) === 0 ? {} : { isUnit: true }) };
  }

  #devPlace(dev: number): number {
    const known = this.#devs.indexOf(dev);
    return known === -1 ? this.#devs.push(dev) - 1 : known;
  }

  #folderPlace(folder: WalkedFolder): number {
    if (this.#lastFolder !== folder) this.#folders.push({ root: folder.root, folder: folder.below });
    this.#lastFolder = folder;
    return this.#folders.length - 1;
  }

  #keepName(place: number, name: BytePath): void {
    const start = this.#nameAt[place] ?? 0;
    if (start + name.length > this.#names.length) {
      this.#nameBytes.resize(this.#names.length + NAME_BYTES_STEP);
      this.#names = Buffer.from(this.#nameBytes);
    }
    this.#names.write(name, start, 'latin1');
    this.#nameAt[place + 1] = start + name.length;
  }

  /** Leaves out the youngest, and what is younger from then on. */
  #drop(): void {
    const order = this.order();
    const kept = order.subarray(0, Math.max(1, Math.floor(order.length * KEPT_SHARE))).slice().sort();
    this.#ceiling = this.keyOf(order[kept.length - 1] ?? 0);
    const folders = new Map<number, number>();
    const before = this.#folders;
    let bytes = 0;
    for (const [to, from] of kept.entries()) {
      for (const column of [this.bytes, this.atMs, this.otherMs, this.#ino, this.#size, this.#dev, this.#reason]) column[to] = column[from] ?? 0;
      const folder = this.#folder[from] ?? 0;
      if (!folders.has(folder)) folders.set(folder, folders.size);
      this.#folder[to] = folders.get(folder) ?? 0;
      const [start, end] = [this.#nameAt[from] ?? 0, this.#nameAt[from + 1] ?? 0];
      this.#names.copyWithin(bytes, start, end);
      this.#nameAt[to] = bytes;
      bytes += end - start;
    }
    this.#nameAt[kept.length] = bytes;
    this.#folders = [...folders.keys()].map((place) => before[place] ?? NOWHERE);
    this.#lastFolder = null;
    this.#count = kept.length;
  }
}
