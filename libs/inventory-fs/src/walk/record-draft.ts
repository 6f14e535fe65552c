import { AclList, FolderPartSum, type Acl, type FolderPart } from '@mailwarden/inventory';
import type { FolderRecord } from '../memory/folder-record.js';
import { emptyShare, type RememberedInUnit, type UnitShare } from './unit.js';

/** What is added to a part. */
export type PartEntry = Parameters<FolderPartSum['add']>[0];

/** Sums of what files of one folder add to each store. */
export class Parts {
  readonly #sums = new Map<number, FolderPartSum>();

  constructor(
    private readonly lists: AclList,
    before: readonly FolderPart[] = [],
  ) {
    for (const part of before) this.#sums.set(part.store, new FolderPartSum(part.store, lists, part));
  }

  of(store: number): FolderPartSum {
    const known = this.#sums.get(store);
    if (known !== undefined) return known;
    const sum = new FolderPartSum(store, this.lists);
    this.#sums.set(store, sum);
    return sum;
  }

  get all(): FolderPart[] {
    return [...this.#sums.values()].map(({ part }) => part);
  }
}

/** Share of a folder's files from which on looking at those that are watched is no less work than reading it. */
const WATCHED_SHARE_MAX = 0.5;

/** What will be remembered of a folder that is being read. */
export class RecordDraft {
  readonly lists: AclList;
  /** What files add that are not looked at again while their folder is as it is. */
  readonly settledParts: Parts;
  /** What files added that are watched: for a scan that has no time to look at them. */
  readonly watchedParts: Parts;
  readonly blind: [store: number, reason: string, places: number][];
  readonly watched: number[] = [];
  /** Where the folder is part of an item: what its entries add to that, settled and watched. */
  readonly unit: { readonly settled: UnitShare; readonly lately: UnitShare } | null;
  linked = false;
  entries = 0;
  #lowest = Number.POSITIVE_INFINITY;
  #highest = Number.NEGATIVE_INFINITY;
  #spoiled = false;

  /** Goes on from what was remembered, where only the watched files are looked at again. */
  constructor(before: FolderRecord | null, isInUnit: boolean) {
    this.unit = isInUnit ? { settled: { ...(before?.unit?.settled ?? emptyShare()) }, lately: emptyShare() } : null;
    this.lists = new AclList([...(before?.lists ?? [])]);
    this.settledParts = new Parts(this.lists, before?.parts);
    this.watchedParts = new Parts(this.lists);
    this.blind = before === null ? [] : before.blind.map(([...item]) => item);
    if (before?.inodes != null) [this.#lowest, this.#highest] = before.inodes;
    this.entries = before?.entries ?? 0;
  }

  saw(ino: number): void {
    this.entries += 1;
    if (ino < this.#lowest) this.#lowest = ino;
    if (ino > this.#highest) this.#highest = ino;
    if (ino > Number.MAX_SAFE_INTEGER) this.spoil();
  }

  /** An entry of an item: its other names are counted where they lie, so nobody looks for one of them here. */
  sawPart(): void {
    this.entries += 1;
  }

  /** Something in the folder could not be looked at, or told from another: then it is read again each time. */
  spoil(): void {
    this.#spoiled = true;
  }

  record(own: Pick<FolderRecord, 'identity' | 'dev' | 'uid' | 'gid' | 'mode' | 'readMs' | 'settled' | 'folders'> & { readonly unit?: Pick<RememberedInUnit, 'allocated' | 'atMs'> }, acl: Acl | null, defaultAcl: Acl | null): FolderRecord {
    const { identity, dev, uid, gid, mode, readMs, settled, folders } = own;
    const [ownList, ownDefaultList] = [this.lists.placeOf(acl), this.lists.placeOf(defaultAcl)];
    return {
      identity,
      dev,
      uid,
      gid,
      mode,
      readMs,
      settled: settled && !this.#spoiled,
      entries: this.entries,
      folders,
      lists: this.lists.lists,
      ownList,
      ownDefaultList,
      parts: this.settledParts.all,
      lately: this.watchedParts.all,
      linked: this.linked,
      watched: this.watched.length > this.entries * WATCHED_SHARE_MAX ? null : this.watched,
      inodes: this.#highest < this.#lowest ? null : [this.#lowest, this.#highest],
      blind: this.blind,
      ...(own.unit === undefined || this.unit === null ? {} : { unit: { allocated: own.unit.allocated, atMs: own.unit.atMs, ...this.unit } }),
    };
  }
}
