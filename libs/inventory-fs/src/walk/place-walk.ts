import { OPEN_WAY, Ways, type BytePath, type FolderRights, type Way } from '@mailwarden/inventory';
import { closeDescriptor, EntryFacts, factsAt, factsOf, mountAt, openFolderAt } from '@mailwarden/linux';
import type { StoreKind } from '@mailwarden/contracts';
import { mountIdOf } from '../directory-descriptor.js';
import { partsText, recordText, type FolderRecord } from '../memory/folder-record.js';
import { memoryLine, type MemoryIndex } from '../memory/memory-index.js';
import { isPrivateFolder } from '../private-folder.js';
import { DEPTH_MAX } from '../walk.js';
import { FolderSums, rememberedDefault, rememberedRights } from './folder-sums.js';
import { codeOf, FolderReading, passedOverFor, passOver, type ReadFolder, type ReadingKit } from './folder-reading.js';
import { RecordDraft } from './record-draft.js';
import type { MappedStore } from './store-map.js';
import { momentOf, Unit } from './unit.js';
import type { Place, RememberedFolders, WalkPlan } from './walk-plan.js';

/** Kinds whose unchanged folders are taken from memory. All others are small, or are written in place all the time: they are always read. */
const REMEMBERED_KINDS: ReadonlySet<StoreKind> = new Set(['files', 'pair']);
/** Folders that one thread hands to another at a time. */
const SHARED_MAX = 64;

/** A folder whose folders are being walked. */
interface Level {
  readonly fd: number;
  readonly path: BytePath;
  readonly mountId: number;
  readonly way: Way;
  /** How many folders the walk is in, from where it begins. */
  readonly depth: number;
  /** The item that the folder is part of, or is; null outside of one. */
  readonly unit: Unit | null;
  /** Folders that are still to be walked, the next one last. */
  readonly folders: BytePath[];
}

/** What a walk hears from and says to those around it. */
export interface WalkSignals {
  /** True once the scan's window has ended. */
  readonly isOver: () => boolean;
  /** True while another thread has nothing to do. */
  readonly isWanted: () => boolean;
  /** Hands on a part of the walk. */
  readonly give: (place: Place) => void;
}

interface Memory {
  readonly index: MemoryIndex;
  readonly terms: RememberedFolders;
}

/** Walks one place for its stores, from the host's root through descriptors, without following links or crossing mounts that no store lies behind. */
export class PlaceWalk {
  readonly #levels: Level[] = [];
  readonly #ways = new Ways();
  readonly #facts = new EntryFacts();
  readonly #sums: FolderSums;

  constructor(
    private readonly plan: WalkPlan,
    private readonly kit: ReadingKit,
    private readonly memory: Memory | null,
    private readonly signals: WalkSignals,
  ) {
    this.#sums = new FolderSums(kit.map, kit.sum);
  }

  /** Does the whole of it. Stops now and then, so that others come in between. */
  *walk(place: Place): Generator<void, void, void> {
    try {
      const start = this.#descend(place);
      if (start === null) return;
      if (place.names === null) yield* this.#begin(start);
      else this.#levels.push({ ...start, depth: place.depth, folders: [...place.names].reverse() });
      while (yield* this.#step(place));
    } finally {
      for (const { fd } of this.#levels.splice(0)) this.#close(fd);
    }
  }

  /** Takes in the folder that a walk begins with, which is open already. */
  *#begin(start: Level): Generator<void, void, void> {
    const record = this.#unchanged(start.path, start.mountId, null);
    if (record === null) return yield* this.#enter(start);
    let isTaken = false;
    const open = (): number => {
      isTaken = true;
      return start.fd;
    };
    yield* this.#remembered(record, { ...start, open });
    if (!isTaken) this.#close(start.fd);
  }

  /** Goes down from the host's root, each folder through the one before it. Null, and told to whom it concerns, where the way ends early. */
  #descend({ path, names }: Place): Level | null {
    const parts = path.split('/').filter((part) => part !== '');
    let current = { fd: this.plan.rootFd, mountId: this.plan.rootMount, path: '', way: OPEN_WAY };
    for (const [at, part] of (parts.length === 0 ? ['.'] : parts).entries()) {
      const below = parts.length === 0 ? '' : `${current.path}/${part}`;
      const isLast = at >= parts.length - 1;
      this.kit.beat();
      try {
        const fd = openFolderAt(current.fd, part);
        const { way, mountId, fd: above } = current;
        current = { fd, path: below, way, mountId: this.#mountOf(fd) };
        if (above !== this.plan.rootFd) this.#close(above);
        if (!this.kit.map.leadsToStore(below) && current.mountId !== mountId) throw Object.assign(new Error('another file system'), { code: 'EXDEV' });
        if (isLast && names === null) return { ...current, depth: 1, unit: null, folders: [] };
        const rights = this.#rightsOf(fd);
        this.#sums.addLeading(below, rights);
        current.way = this.#ways.through(way, rights);
      } catch (cause) {
        if (current.fd !== this.plan.rootFd) this.#close(current.fd);
        this.#tellBroken(path, names, codeOf(cause));
        return null;
      }
    }
    return { ...current, depth: 1, unit: null, folders: [] };
  }

  /** A store whose place is not there is empty; one whose place cannot be reached is unknown. */
  #tellBroken(path: BytePath, names: readonly BytePath[] | null, code: string): void {
    const reason = code === 'EXDEV' ? 'other-file-system' : passedOverFor(code);
    if (names !== null) for (const name of names) passOver(this.kit, `${path}/${name}`, reason, null);
    else if (reason !== 'vanished') for (const { index } of this.kit.map.beginningIn(path)) this.#sums.addBlind(index, reason === 'not-a-regular-file' ? 'not-a-folder' : reason, 1);
  }

  /** Goes on with the next folder; false when there is none left. */
  *#step({ names }: Place): Generator<void, boolean, void> {
    const level = this.#levels.at(-1);
    if (level === undefined) return false;
    this.kit.beat();
    if (this.signals.isWanted()) this.#share();
    const name = level.folders.pop();
    if (name === undefined) {
      this.#levels.pop();
      this.#close(level.fd);
      this.#leave(level.unit);
      return true;
    }
    const path = `${level.path}/${name}`;
    const isGiven = this.#levels.length === 1 && names !== null;
    if (!isGiven && level.unit === null && this.kit.map.isBeginning(path) && !this.signals.isOver()) this.signals.give({ path: level.path, names: [name], depth: level.depth });
    else yield* this.#visit(level, name, path);
    return true;
  }

  /** An item is counted once all of it was seen. */
  #leave(unit: Unit | null): void {
    if (unit !== null && this.#levels.at(-1)?.unit !== unit) this.#sums.addUnit(unit);
  }

  #unitAt(path: BytePath): Unit | null {
    const owner = this.kit.map.unitOwner(path);
    return owner === undefined ? null : new Unit(owner);
  }

  /** Gives away half of what is left where the walk is least deep: the largest parts lie there. An item is walked by one thread. */
  #share(): void {
    const level = this.#levels.find(({ folders, unit }) => unit === null && folders.length > 1);
    if (level === undefined) return;
    this.signals.give({ path: level.path, names: level.folders.splice(0, Math.min(SHARED_MAX, Math.ceil(level.folders.length / 2))).reverse(), depth: level.depth });
  }

  *#visit(level: Level, name: BytePath, path: BytePath): Generator<void, void, void> {
    if (this.signals.isOver()) return this.#fromMemory(path, level.way, level.unit);
    const unit = level.unit ?? this.#unitAt(path);
    try {
      const mountId = mountAt(level.fd, name, this.#facts);
      if (level.unit !== null) level.unit.share.allocated += this.#facts.allocated;
      if (level.depth >= DEPTH_MAX) return passOver(this.kit, path, 'too-deep', level.unit);
      const mayCross = unit === null && this.kit.map.leadsToStore(path);
      if (mountId !== null && mountId !== level.mountId && !mayCross) return passOver(this.kit, path, 'other-file-system', level.unit);
      if (!this.#facts.isFolder) return passOver(this.kit, path, 'not-a-regular-file', level.unit);
      if (level.unit === null && isPrivateFolder(name, this.#facts)) return;
      const place = { path, way: level.way, depth: level.depth + 1, unit };
      if (mountId !== null && (this.memory?.index.lookedMs(path) ?? 0) > 0) {
        factsAt(level.fd, name, this.#facts);
        const record = this.#unchanged(path, mountId, unit);
        if (record !== null) return yield* this.#remembered(record, { ...place, mountId, open: () => openFolderAt(level.fd, name) });
      }
      const fd = openFolderAt(level.fd, name);
      const mount = this.#mountOf(fd);
      if (mount === level.mountId || mayCross) yield* this.#enter({ ...place, fd, mountId: mount, folders: [] });
      else {
        this.#close(fd);
        passOver(this.kit, path, 'other-file-system', level.unit);
      }
    } catch (cause) {
      if (!('code' in (cause as Error))) throw cause;
      passOver(this.kit, path, passedOverFor(codeOf(cause)), level.unit);
    }
    yield;
  }

  /** The record of a folder that shows no change; null where it has to be read. The facts are those of the folder. */
  #unchanged(path: BytePath, mountId: number, unit: Unit | null): FolderRecord | null {
    if (this.memory === null) return null;
    const { index, terms } = this.memory;
    const record = index.recordOf(path);
    if (record === null || record.identity !== this.#identity(mountId) || !record.settled || record.watched === null) return null;
    if (record.readMs < terms.readAgainBeforeMs || terms.doubted.has(path)) return null;
    return this.#candidatesFor(path, unit).every(({ outline }) => REMEMBERED_KINDS.has(outline.kind)) ? record : null;
  }

  /** An item is one store's alone, with all that lies in it. */
  #candidatesFor(path: BytePath, unit: Unit | null): readonly MappedStore[] {
    return unit === null ? this.kit.map.candidatesFor(path) : [unit.owner];
  }

  /** Takes in an open folder: what it is itself, its files, and its folders as what is to be walked next. */
  *#enter({ fd, path, mountId, way, depth, unit }: Level): Generator<void, void, void> {
    const folders: BytePath[] = [];
    this.#mountOf(fd);
    const identity = this.#identity(mountId);
    const { dev, uid, gid, mode, mtimeMs, ctimeMs, allocated } = this.#facts;
    const part = unit === null ? {} : { unit: { allocated, atMs: momentOf(this.#facts, unit.owner.outline) } };
    if (part.unit !== undefined) unit?.entered(part.unit.atMs);
    const { acl, defaultAcl } = this.kit.acls.ofFolder(fd, dev);
    this.#levels.push({ fd, path, mountId, depth, unit, way: this.#ways.through(way, { uid, gid, mode, acl }), folders });
    const candidates = this.#candidatesFor(path, unit);
    this.#sums.addFolder(path, { uid, gid, mode, acl }, defaultAcl, way, candidates, unit);
    const isRemembered = this.memory !== null && candidates.every(({ outline }) => REMEMBERED_KINDS.has(outline.kind));
    const draft = isRemembered ? new RecordDraft(null, unit !== null) : null;
    const before = isRemembered ? (this.memory?.index.recordOf(path) ?? null) : null;
    const proof = before !== null && before.identity === identity && before.settled && before.watched !== null ? { draft: new RecordDraft(null, unit !== null), watched: new Set(before.watched) } : null;
    const folder = this.#readFolder({ fd, path, dev, way: this.#levels.at(-1)?.way ?? OPEN_WAY, candidates, unit });
    const reading = new FolderReading(this.kit, folder, draft, proof);
    yield* reading.all();
    this.kit.sum.effort.foldersRead += 1;
    folders.push(...this.#inOrder(path, reading.folders));
    if (draft === null) return;
    const settled = Math.max(mtimeMs, ctimeMs) < this.plan.nowMs - (this.memory?.terms.settleMs ?? 0);
    this.#sums.addDraft(draft, folder.way, unit);
    this.#remember(path, draft.record({ identity, dev, uid, gid, mode, readMs: this.plan.nowMs, settled, folders: reading.folders, ...part }, acl, defaultAcl));
    if (proof === null || before === null) return;
    this.kit.sum.memory.proven += 1;
    if (partsText({ parts: proof.draft.settledParts.all, lists: proof.draft.lists.lists, unit: proof.draft.unit }) !== partsText(before)) this.kit.sum.memory.wrong += 1;
  }

  /** Takes in a folder that is as it was. It is opened only where files in it are watched, or folders lie in it. */
  *#remembered(record: FolderRecord, place: { path: BytePath; mountId: number; way: Way; depth: number; unit: Unit | null; open: () => number }): Generator<void, void, void> {
    const { path, way, unit } = place;
    const candidates = this.#candidatesFor(path, unit);
    const looksIn = (record.watched?.length ?? 0) > 0 || candidates.some(({ outline }) => outline.kind === 'pair');
    const fd = looksIn || record.folders.length > 0 ? place.open() : null;
    if (fd !== null) {
      if (this.#identity(this.#mountOf(fd)) !== record.identity) return yield* this.#enter({ ...place, fd, folders: [] });
    }
    const rights = rememberedRights(record);
    this.#sums.addFolder(path, rights, rememberedDefault(record), way, candidates, unit);
    if (record.unit !== undefined) unit?.entered(record.unit.atMs);
    this.kit.sum.effort.foldersRemembered += 1;
    const inner = this.#ways.through(way, rights);
    if (fd !== null) this.#levels.push({ fd, path, mountId: place.mountId, way: inner, depth: place.depth, unit, folders: this.#inOrder(path, record.folders) });
    if (fd === null || !looksIn) {
      this.#sums.addRecord(record, inner, unit);
      this.kit.sum.memory.kept.push(path);
    } else yield* this.#lookAgain(record, this.#readFolder({ fd, path, dev: record.dev, way: inner, candidates, unit }));
    if (fd === null) this.#leave(unit);
  }

  *#lookAgain(record: FolderRecord, folder: ReadFolder): Generator<void, void, void> {
    const draft = new RecordDraft(record, folder.unit !== null);
    const reading = new FolderReading(this.kit, folder, draft);
    yield* reading.watched(record);
    this.kit.sum.memory.lookedInto.push(folder.path);
    if (reading.found !== record.watched?.length) this.kit.sum.memory.doubted.push(folder.path);
    this.#sums.addDraft(draft, folder.way, folder.unit);
    this.#remember(folder.path, draft.record(record, rememberedRights(record).acl ?? null, rememberedDefault(record)));
  }

  /** What is left when the window has ended is taken as it was; what was never seen makes its stores unknown. */
  #fromMemory(path: BytePath, way: Way, within: Unit | null): void {
    this.kit.sum.effort.complete = false;
    const record = this.memory?.index.recordOf(path) ?? null;
    const unit = within ?? this.#unitAt(path);
    const candidates = this.#candidatesFor(path, unit);
    if (record === null || record.linked) this.#sums.markUnseen(candidates);
    if (record === null) return;
    const rights = rememberedRights(record);
    this.#sums.addFolder(path, rights, rememberedDefault(record), way, candidates, unit);
    if (record.unit !== undefined) unit?.entered(record.unit.atMs);
    if (within !== null) within.share.allocated += record.unit?.allocated ?? 0;
    const inner = this.#ways.through(way, rights);
    this.#sums.addRecord(record, inner, unit);
    this.#sums.addLately(record, inner, unit);
    this.kit.sum.memory.stale.push(path);
    for (const name of record.folders) this.#fromMemory(`${path}/${name}`, inner, unit);
    if (within === null) this.#leave(unit);
  }

  /** Rights of an open folder whose facts were just read. */
  #rightsOf(fd: number): FolderRights {
    const { uid, gid, mode, dev } = this.#facts;
    return { uid, gid, mode, acl: this.kit.acls.ofFolder(fd, dev).acl };
  }

  #readFolder(folder: Omit<ReadFolder, 'whole'>): ReadFolder {
    return { ...folder, whole: folder.unit?.owner ?? this.kit.map.wholeOwner(folder.path, folder.candidates) };
  }

  #remember(path: BytePath, record: FolderRecord): void {
    this.kit.sum.memory.lines.push(memoryLine(this.plan.nowMs, path, recordText(record)));
  }

  /** The next one last: in the order of the folder, or what was looked at longest ago first. */
  #inOrder(path: BytePath, names: readonly BytePath[]): BytePath[] {
    const reversed = names.toReversed();
    if (this.memory === null || !this.memory.terms.oldestFirst) return reversed;
    const { index } = this.memory;
    return reversed.sort((a, b) => index.oldestLookMs(`${path}/${b}`) - index.oldestLookMs(`${path}/${a}`));
  }

  #identity(mountId: number): string {
    const { dev, ino, inoLow, stamps, uid, gid, mode } = this.#facts;
    return `${dev} ${ino} ${inoLow} ${stamps} ${mountId} ${uid} ${gid} ${mode}`;
  }

  /** Looks at a folder that was just opened; its facts stay in `#facts`. One that cannot be looked at is closed. */
  #mountOf(fd: number): number {
    try {
      factsOf(fd, this.#facts);
      return this.#facts.mountId ?? mountIdOf(fd);
    } catch (cause) {
      this.#close(fd);
      throw cause;
    }
  }

  #close(fd: number): void {
    this.kit.acls.leave(fd);
    closeDescriptor(fd);
  }
}
