import type { Acl, BytePath, FolderRights, Way } from '@mailwarden/inventory';
import type { FolderRecord } from '../memory/folder-record.js';
import type { PlaceSum, StoreSum } from './place-sum.js';
import type { RecordDraft } from './record-draft.js';
import type { MappedStore, StoreMap } from './store-map.js';
import { addToShare, type Unit } from './unit.js';

/** Rights of a folder as they were remembered. */
export const rememberedRights = ({ uid, gid, mode, lists, ownList }: FolderRecord): FolderRights => ({ uid, gid, mode, acl: lists[ownList] ?? null });
export const rememberedDefault = ({ lists, ownDefaultList }: FolderRecord): Acl | null => lists[ownDefaultList] ?? null;

/** Adds whole folders to the sums of their stores: those that were read, and those that are remembered. */
export class FolderSums {
  constructor(
    private readonly map: StoreMap,
    private readonly sum: PlaceSum,
  ) {}

  /** What a folder is itself to the store that it is part of, and to those that it leads to. */
  addFolder(path: BytePath, rights: FolderRights, defaultAcl: Acl | null, way: Way, candidates: readonly MappedStore[], unit: Unit | null): void {
    const owner = unit?.owner ?? this.map.ownerOfFolder(path, candidates);
    if (owner !== undefined) {
      this.#store(owner.index).present = true;
      this.#store(owner.index).tally.addRights({ ...rights, defaultAcl, way }, true);
    }
    this.addLeading(path, rights);
  }

  /** A folder on the way to a store: whoever may write it could replace the store. */
  addLeading(path: BytePath, rights: FolderRights): void {
    if (this.map.leadsToStore(path)) this.sum.leading.set(path, { ...rights, mode: rights.mode & 0o7777 });
  }

  /** Files that were looked at, as far as they will be remembered; the others were added one by one. */
  addDraft(draft: RecordDraft, way: Way, unit: Unit | null): void {
    if (unit !== null && draft.unit !== null) addToShare(unit.share, draft.unit.settled);
    for (const part of draft.settledParts.all) this.#addPart(part, draft.lists.lists, way);
    for (const [index, reason, places] of draft.blind) this.addBlind(index, reason, places);
  }

  addRecord(record: FolderRecord, way: Way, unit: Unit | null): void {
    if (unit !== null && record.unit !== undefined) addToShare(unit.share, record.unit.settled);
    for (const part of record.parts) this.#addPart(part, record.lists, way);
    for (const [index, reason, places] of record.blind) this.addBlind(index, reason, places);
  }

  /** What watched files were at the last look, for a scan that has no time to look. */
  addLately(record: FolderRecord, way: Way, unit: Unit | null): void {
    if (unit !== null && record.unit !== undefined) addToShare(unit.share, record.unit.lately);
    for (const part of record.lately) this.#addPart(part, record.lists, way);
  }

  /** A folder that is one item, once all of it was seen. */
  addUnit({ owner, amounts }: Unit): void {
    const store = this.#store(owner.index);
    store.present = true;
    store.tally.addAmounts(amounts);
  }

  addBlind(index: number, reason: string, places: number): void {
    const { blind } = this.#store(index);
    blind.set(reason, (blind.get(reason) ?? 0) + places);
  }

  markUnseen(stores: readonly MappedStore[]): void {
    for (const { index } of stores) this.#store(index).unseen = true;
  }

  #addPart(part: FolderRecord['parts'][number], lists: readonly Acl[], way: Way): void {
    const store = this.#store(part.store);
    store.tally.addPart(part, lists, way);
    if (part.items > 0) store.present = true;
  }

  #store(index: number): StoreSum {
    const store = this.sum.stores[index];
    if (store === undefined) throw new RangeError(`there is no store ${index}`);
    return store;
  }
}
