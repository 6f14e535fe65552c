import type { BytePath, PatternSet } from '@mailwarden/inventory';
import { closeDirectory, DEPTH_MAX, isPrivateFolder, openDirectoryBeneath, PRIVATE_FOLDER_PREFIX, type Directory, type OpenError, type PassedOver } from '@mailwarden/inventory-fs';
import { ENTRY_TYPES, errorName, FolderReader } from '@mailwarden/linux';
import { keptBelow, keptIn, type KeptFolder, type StoreOwners } from '../folder-owners.js';
import { codeOf, enterFolder, scopeOf, type FolderScope } from './store-folder.js';

/** One folder of a store, while it is read. */
export interface WalkedFolder extends FolderScope {
  readonly directory: Directory;
  /** Where the walk began: the store's own folder. */
  readonly root: BytePath;
  /** Below the root; empty for the root itself. */
  readonly below: BytePath;
  readonly path: BytePath;
}

/** What a walk finds. */
export interface StoreVisitor {
  /** One regular file; its name and facts are those of the reader, until the next one comes. */
  file(folder: WalkedFolder, reader: FolderReader): void;
  /** A folder that is one item of the store with all that lies in it; it is open until this is done. Without it, such folders are walked as others are. */
  unit?(folder: WalkedFolder, name: BytePath, directory: Directory): Generator<void, void, void>;
  /** A folder of the executor's own, of any order; it is never walked. */
  ownFolder?(folder: WalkedFolder, name: BytePath): void;
  /** An entry that is no regular file, or that could not be looked at. */
  passedOver(path: BytePath, reason: PassedOver): void;
}

/** What is looked at in one go, before others have a turn. */
const ENTRIES_PER_GO = 2_048;
const REASONS: Readonly<Record<string, PassedOver>> = { ENOENT: 'vanished', ENOTDIR: 'not-a-regular-file', ELOOP: 'not-a-regular-file', EXDEV: 'other-file-system', EACCES: 'permission-denied', EPERM: 'permission-denied' };
/** The host itself has no more to give: what is left out then is nobody's fault in the store, and a plan of the rest would be wrong. */
const USED_UP: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

interface Level {
  readonly folder: WalkedFolder;
  /** Null where it does not matter whose the folders are. */
  readonly kept: KeptFolder | null;
  /** Folders in it that are still to be walked, the next one last. */
  readonly folders: BytePath[];
}

/** Thrown where the kernel has no descriptor or memory left. */
export class UsedUp extends Error {}

/**
 * Walks one folder of a store through descriptors, without following links or crossing mounts: of each folder first its files, then its folders. It keeps one descriptor for each level, and names of folders alone.
 */
export class StoreWalk {
  readonly #reader = new FolderReader();
  readonly #levels: Level[] = [];
  #seen = 0;

  constructor(
    private readonly own: PatternSet,
    /** What belongs to the store by its globs and yet is another's. */
    private readonly leftOut: PatternSet,
    private readonly visitor: StoreVisitor,
    /** Folders that are items; null where none are. */
    private readonly units: PatternSet | null = null,
    /** Whose folders are entered; null for all. What is only named, and never deleted, is looked for everywhere. */
    private readonly owners: StoreOwners | null = null,
  ) {}

  /** Does the whole of it, and stops now and then, so that others come in between. Returns why the folder itself cannot be walked; null when it was. Errors: throws `UsedUp`. */
  *walk(hostRoot: Directory, root: BytePath): Generator<void, OpenError | null, void> {
    const beneath = openDirectoryBeneath(hostRoot, root);
    if (!beneath.ok) return beneath.error;
    const { directory, chain } = beneath.value;
    const kept = this.owners === null ? null : keptBelow([...chain, directory], this.owners);
    if (this.owners !== null && kept === null) {
      closeDirectory(directory);
      return 'permission-denied';
    }
    const path = root === '/' ? '' : root;
    try {
      this.#push({ directory, root, below: '', path, ...scopeOf(path, this.own, this.leftOut) }, kept);
      yield* this.#readLast();
      while (this.#levels.length > 0) yield* this.#step();
      return null;
    } finally {
      for (const { folder } of this.#levels.splice(0)) closeDirectory(folder.directory);
    }
  }

  #push(folder: WalkedFolder, kept: KeptFolder | null): void {
    this.#levels.push({ folder, kept, folders: [] });
  }

  *#step(): Generator<void, void, void> {
    const level = this.#levels.at(-1);
    const name = level?.folders.pop();
    if (level === undefined) return;
    if (name === undefined) {
      this.#levels.pop();
      closeDirectory(level.folder.directory);
      return;
    }
    const { folder } = level;
    const path = `${folder.path}/${name}`;
    if (this.#levels.length >= DEPTH_MAX) return this.visitor.passedOver(path, 'too-deep');
    const entered = enterFolder(folder.directory, name);
    if (!entered.ok) return this.#passOver(path, entered.error);
    const kept = this.owners === null || level.kept === null ? null : keptIn(level.kept, entered.value, this.owners);
    if (this.owners !== null && kept === null) {
      closeDirectory(entered.value);
      return this.visitor.passedOver(path, 'permission-denied');
    }
    const scope = scopeOf(path, this.own, this.leftOut);
    if (this.#isUnit(path, scope)) return yield* this.#takeWhole(folder, name, entered.value);
    this.#push({ directory: entered.value, root: folder.root, below: folder.below === '' ? name : `${folder.below}/${name}`, path, ...scope }, kept);
    yield* this.#readLast();
  }

  /** A folder of which a part belongs to somebody else is no item. */
  #isUnit(path: BytePath, { isOwn, mayBeLeftOut }: FolderScope): boolean {
    return this.visitor.unit !== undefined && isOwn && !mayBeLeftOut && this.units?.matches(path) === true;
  }

  *#takeWhole(folder: WalkedFolder, name: BytePath, directory: Directory): Generator<void, void, void> {
    try {
      if (this.visitor.unit !== undefined) yield* this.visitor.unit(folder, name, directory);
    } finally {
      closeDirectory(directory);
    }
  }

  /** Looks at the entries of the folder that was entered last, and remembers its folders. */
  *#readLast(): Generator<void, void, void> {
    const level = this.#levels.at(-1);
    if (level === undefined) return;
    const { folder, folders } = level;
    this.#reader.begin(folder.directory.fd);
    for (;;) {
      try {
        if (this.#reader.fetch() === 0) break;
      } catch (cause) {
        this.#passOver(folder.path, codeOf(cause));
        break;
      }
      while (this.#reader.next()) {
        this.#look(folder, folders);
        if ((this.#seen += 1) % ENTRIES_PER_GO === 0) yield;
      }
    }
    folders.reverse();
  }

  #look(folder: WalkedFolder, folders: BytePath[]): void {
    const reader = this.#reader;
    const { type } = reader;
    if (type === ENTRY_TYPES.folder && !reader.name.startsWith(PRIVATE_FOLDER_PREFIX)) return void folders.push(reader.name);
    if (type !== ENTRY_TYPES.file && type !== ENTRY_TYPES.folder && type !== ENTRY_TYPES.unknown) return this.visitor.passedOver(`${folder.path}/${reader.name}`, 'not-a-regular-file');
    const trouble = reader.look();
    if (trouble !== 0) return this.#passOver(`${folder.path}/${reader.name}`, errorName(trouble));
    const { facts } = reader;
    if (facts.isFile) this.visitor.file(folder, reader);
    else if (!facts.isFolder) this.visitor.passedOver(`${folder.path}/${reader.name}`, 'not-a-regular-file');
    else if (!isPrivateFolder(reader.name, facts)) folders.push(reader.name);
    else this.visitor.ownFolder?.(folder, reader.name);
  }

  #passOver(path: BytePath, code: string): void {
    if (USED_UP.has(code)) throw new UsedUp(code);
    this.visitor.passedOver(path, REASONS[code] ?? 'io-error');
  }
}
