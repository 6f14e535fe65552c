import { createHash } from 'node:crypto';
import type { BytePath, SeenEntry, Way } from '@mailwarden/inventory';
import { ENTRY_TYPES, errorName, type EntryFacts, type FolderReader } from '@mailwarden/linux';
import type { FolderRecord } from '../memory/folder-record.js';
import type { PassedOver } from '../walk.js';
import type { AclReader } from './acl-reader.js';
import { contentHash, lineCount } from './file-content.js';
import { count, PAIR_NAMES_MAX, type PlaceSum, type StoreSum } from './place-sum.js';
import type { PartEntry, RecordDraft } from './record-draft.js';
import type { MappedStore, StoreMap } from './store-map.js';
import { addToShare, momentOf, shareOf, withinYears, type Unit, type UnitShare } from './unit.js';

/** Reasons for which a folder stays unseen, and with it whatever it holds. */
const HIDING: ReadonlySet<string> = new Set<PassedOver>(['other-file-system', 'permission-denied', 'io-error', 'too-deep']);

/** Why a store is known in part only: a file of it could be looked at, and not read. */
export const CONTENT_NOT_READABLE = 'content-not-readable';

/** A folder whose entries are looked at. */
export interface ReadFolder {
  readonly fd: number;
  readonly path: BytePath;
  readonly dev: number;
  /** The way to its entries. */
  readonly way: Way;
  readonly candidates: readonly MappedStore[];
  readonly whole: MappedStore | null;
  /** The item that all of it is part of; null where each file is an item. */
  readonly unit: Unit | null;
}

/** What the reading of all folders of a place shares. */
export interface ReadingKit {
  readonly map: StoreMap;
  readonly reader: FolderReader;
  readonly acls: AclReader;
  readonly sum: PlaceSum;
  /** Files that changed after this are watched. Units: milliseconds since 1970. */
  readonly watchFromMs: number;
  /** Says that the thread is alive. */
  readonly beat: () => void;
}

export const passedOverFor = (code: string): PassedOver => (code === 'ENOENT' ? 'vanished' : code === 'EACCES' || code === 'EPERM' ? 'permission-denied' : code === 'ENOTDIR' || code === 'ELOOP' ? 'not-a-regular-file' : 'io-error');
export const codeOf = (cause: unknown): string => String((cause as NodeJS.ErrnoException).code);

/** Tells that something at a path was passed over, to whom it concerns: the owner of the item that it is part of, where there is one. */
export function passOver({ map, sum }: Pick<ReadingKit, 'map' | 'sum'>, path: BytePath, reason: PassedOver, unit: Unit | null): void {
  const owner = unit?.owner ?? map.ownerOf(path);
  if (owner !== undefined) sum.stores[owner.index]?.tally.skip(reason);
  const blinded = HIDING.has(reason) ? (unit === null ? map.candidatesFor(path) : [unit.owner]) : reason === 'not-a-regular-file' ? map.beginningIn(path) : [];
  for (const { index } of blinded) count((sum.stores[index] as StoreSum).blind, HIDING.has(reason) ? reason : 'not-a-folder');
}

/** Takes up a part of an item that is not looked at again while its folder is as it is. */
function addPart(draft: RecordDraft, owner: MappedStore, part: UnitShare, rights: PartEntry | null): void {
  if (draft.unit !== null) addToShare(draft.unit.settled, part);
  if (rights !== null) draft.settledParts.of(owner.index).addRights(rights);
}

/**
 * Looks at the entries of one open folder and adds them up for their stores.
 * Nothing is kept for an entry, and no text is made of its name, unless which store it belongs to depends on it.
 */
export class FolderReading {
  /** Folders in it that lead on. */
  readonly folders: BytePath[] = [];
  /** Watched files that were found again. */
  found = 0;
  #readsAll = true;
  readonly #toRead: { readonly owner: MappedStore; readonly name: BytePath }[] = [];
  readonly #seen = { bytes: 0, allocated: 0, atMs: 0, uid: 0, gid: 0, mode: 0, acl: null, way: null } as unknown as { -readonly [Key in keyof SeenEntry]: SeenEntry[Key] } & { acl: PartEntry['acl'] };

  constructor(
    private readonly kit: ReadingKit,
    private readonly folder: ReadFolder,
    private readonly draft: RecordDraft | null,
    /** The same folder as it was remembered, with a draft that takes up what memory would have taken up: to prove it. */
    private readonly proof: { readonly draft: RecordDraft; readonly watched: ReadonlySet<number> } | null = null,
  ) {}

  /** Looks at every entry. Stops now and then, so that others come in between. */
  *all(): Generator<void, void, void> {
    yield* this.#each((type) => {
      const { reader } = this.kit;
      if (type === ENTRY_TYPES.folder) this.#folder();
      else if (type === ENTRY_TYPES.file || type === ENTRY_TYPES.unknown || this.folder.unit !== null) this.#look(type);
      else this.#passOver('not-a-regular-file', reader.name);
    });
  }

  /** Looks at those entries alone whose inodes are watched, in a folder that is as it was. */
  *watched(record: FolderRecord): Generator<void, void, void> {
    this.#readsAll = false;
    const watched = new Set(record.watched);
    const keepsNames = this.folder.candidates.some(({ outline }) => outline.kind === 'pair');
    yield* this.#each((type) => {
      if (type === ENTRY_TYPES.folder || (type !== ENTRY_TYPES.file && type !== ENTRY_TYPES.unknown && this.folder.unit === null)) return;
      if (watched.has(this.kit.reader.ino)) {
        this.found += 1;
        this.#look(type);
      } else if (keepsNames && (type === ENTRY_TYPES.file || type === ENTRY_TYPES.unknown)) this.#keepName(this.#owner(), this.kit.reader.name);
    });
  }

  *#each(take: (type: number) => void): Generator<void, void, void> {
    const { reader, beat } = this.kit;
    reader.begin(this.folder.fd);
    try {
      while (reader.fetch() > 0) {
        while (reader.next()) {
          beat();
          take(reader.type);
        }
        if (this.#toRead.length > 0) yield* this.#readContents();
        yield;
      }
    } catch (cause) {
      this.draft?.spoil();
      passOver(this.kit, this.folder.path, passedOverFor(codeOf(cause)), this.folder.unit);
    }
  }

  #folder(): void {
    const { name } = this.kit.reader;
    if (this.folder.unit !== null || this.kit.map.enters(this.#pathOf(name))) this.folders.push(name);
  }

  #look(type: number): void {
    const { reader, sum } = this.kit;
    const trouble = reader.look();
    sum.effort.entries += 1;
    if (trouble !== 0) this.#passOver(passedOverFor(errorName(trouble)), reader.name);
    else if (reader.facts.isFile) this.#file(reader.facts);
    else if (reader.facts.isFolder) this.#folder();
    else if (this.folder.unit !== null) this.#part(reader.facts, this.folder.unit);
    else this.#passOver('not-a-regular-file', reader.name);
    if (type === ENTRY_TYPES.unknown) this.draft?.spoil(); // Its file system does not say what is what, so nothing can be told apart without looking.
  }

  #file(facts: EntryFacts): void {
    const owner = this.#owner();
    if (owner === undefined) return;
    const store = this.kit.sum.stores[owner.index] as StoreSum;
    store.present = true;
    if (this.folder.unit !== null) this.#part(facts, this.folder.unit);
    else this.#item(facts, owner, store);
    if (store.fileNames !== null) this.#keepName(owner, this.kit.reader.name);
    if (owner.outline.kind === 'configuration' || owner.outline.lineRecords) this.#toRead.push({ owner, name: this.kit.reader.name });
  }

  #item(facts: EntryFacts, owner: MappedStore, store: StoreSum): void {
    const seen = this.#seenFrom(facts, owner);
    const { ino } = this.kit.reader;
    if (this.#readsAll) this.draft?.saw(ino);
    if (this.proof !== null && !this.proof.watched.has(ino)) this.proof.draft.settledParts.of(owner.index).add(seen);
    if (facts.nlink > 1) this.#linked(facts, owner, store);
    else if (this.draft === null) store.tally.add(seen);
    else if (facts.ctimeMs < this.kit.watchFromMs) this.draft.settledParts.of(owner.index).add(seen);
    else {
      store.tally.add(seen);
      this.draft.watchedParts.of(owner.index).add(seen);
      this.draft.watched.push(ino);
    }
  }

  /** A part of a folder that is one item: what it takes up is the item's, who may do what with it is its own. */
  #part(facts: EntryFacts, { owner, share }: Unit): void {
    const part = shareOf(facts, owner.outline);
    const { ino } = this.kit.reader;
    const rights = facts.isFile ? this.#seenFrom(facts, owner) : null;
    if (this.#readsAll) this.draft?.sawPart();
    if (this.proof !== null && !this.proof.watched.has(ino)) addPart(this.proof.draft, owner, part, rights);
    if (this.draft !== null && facts.ctimeMs < this.kit.watchFromMs) return addPart(this.draft, owner, part, rights);
    addToShare(share, part);
    if (rights !== null) this.kit.sum.stores[owner.index]?.tally.addRights(rights, false);
    if (this.draft === null) return;
    if (rights !== null) this.draft.watchedParts.of(owner.index).addRights(rights);
    if (this.draft.unit !== null) addToShare(this.draft.unit.lately, part);
    this.draft.watched.push(ino);
  }

  /** A file with several names takes its room once, and each name is another way in, perhaps a wider one. */
  #linked(facts: EntryFacts, owner: MappedStore, store: StoreSum): void {
    store.tally.addRights(this.#seen, false);
    this.kit.sum.linked.add(facts, owner.index, this.#seen);
    if (this.draft === null) return;
    this.draft.linked = true;
    this.draft.watched.push(this.kit.reader.ino);
  }

  #seenFrom(facts: EntryFacts, { outline }: MappedStore): SeenEntry & PartEntry {
    const seen = this.#seen;
    seen.bytes = facts.size;
    seen.allocated = facts.allocated;
    seen.atMs = withinYears(momentOf(facts, outline));
    seen.uid = facts.uid;
    seen.gid = facts.gid;
    seen.mode = facts.mode;
    seen.acl = this.kit.acls.ofEntry(this.kit.reader, this.folder.fd, this.folder.dev);
    seen.way = this.folder.way;
    return seen;
  }

  #owner(): MappedStore | undefined {
    return this.folder.whole ?? this.kit.map.ownerOf(this.#pathOf(this.kit.reader.name), this.folder.candidates);
  }

  #pathOf(name: BytePath): BytePath {
    return `${this.folder.path}/${name}`;
  }

  #passOver(reason: PassedOver, name: BytePath): void {
    const path = this.#pathOf(name);
    if (this.draft === null || reason !== 'not-a-regular-file') {
      this.draft?.spoil();
      passOver(this.kit, path, reason, this.folder.unit);
      return;
    }
    const owner = this.kit.map.ownerOf(path);
    if (owner !== undefined) this.draft.settledParts.of(owner.index).skip(reason);
    if (owner !== undefined) this.proof?.draft.settledParts.of(owner.index).skip(reason);
    for (const { index } of this.kit.map.beginningIn(path)) this.draft.blind.push([index, 'not-a-folder', 1]);
  }

  #keepName(owner: MappedStore | undefined, name: BytePath): void {
    const store = owner === undefined ? undefined : this.kit.sum.stores[owner.index];
    const [root] = owner?.patterns.roots ?? [];
    if (store === undefined || store.fileNames === null || root === undefined) return;
    store.fileNames.push(this.#pathOf(name).slice(root.length + 1));
    if (store.fileNames.length > PAIR_NAMES_MAX) store.fileNames = null;
  }

  *#readContents(): Generator<void, void, void> {
    for (const { owner, name } of this.#toRead.splice(0)) {
      const store = this.kit.sum.stores[owner.index] as StoreSum;
      try {
        if (owner.outline.kind === 'configuration') store.contents.push(`${createHash('sha256').update(this.#pathOf(name), 'latin1').digest('hex')} ${yield* contentHash(this.folder.fd, name)}`);
        if (owner.outline.lineRecords) store.lines += yield* lineCount(this.folder.fd, name);
      } catch {
        count(store.blind, CONTENT_NOT_READABLE);
      }
      this.kit.beat();
    }
  }
}
