import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, entryNames, openDirectoryBeneath, PRIVATE_FOLDER_PREFIX, type Directory, type Host } from '@mailwarden/inventory-fs';
import { EntryFacts, errorName, FolderHand, FolderReader, factsOf, isUnknownMove, kernelError, syncDescriptor, syncFileSystem } from '@mailwarden/linux';
import { err, ok, type Result } from '@mailwarden/kernel';
import type { FileSystem } from './file-system.js';
import { inOneGo } from './in-turns.js';
import { enterOwnFolder, isSameFolderOfOurs, openOwnFolder, ownUid, type FolderIdentity, type OwnFolder } from './own-folder.js';
import { putBack } from './put-back.js';
import { enterFolder } from './store-folder.js';
import { surveyUnit } from './unit-folder.js';

const STICKY = 0o1000;
const PLACE_TAKEN = "a place in the executor's own folder is taken already";

/** What a file was when it was planned, or a folder that is one item. */
export interface Identity {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly isUnit?: true;
}

/** Whether what was looked at is the planned folder, whatever lies in it by now. */
const isSameFolder = (facts: EntryFacts, planned: Identity): boolean => facts.isFolder && facts.ino === planned.ino && facts.dev === planned.dev;

/** Whether what was looked at is the planned file, under its only name. */
export const isSame = (facts: EntryFacts, planned: Identity): boolean => (planned.isUnit === true ? isSameFolder(facts, planned) : isSameFile(facts, planned));
const isSameFile = (facts: EntryFacts, planned: Identity): boolean => facts.isFile && facts.nlink === 1 && facts.ino === planned.ino && facts.size === planned.size && facts.mtimeMs === planned.mtimeMs && facts.dev === planned.dev;

export type MoveOutcome = 'moved' | 'changed-since-plan' | 'vanished' | 'permission-denied' | 'immutable' | 'other-file-system' | 'io-error';

const OUTCOMES: Readonly<Record<string, MoveOutcome>> = { ENOENT: 'vanished', ENOTDIR: 'vanished', ELOOP: 'vanished', EACCES: 'permission-denied', EXDEV: 'other-file-system' };
/** What says nothing of one file, but of its file system or of this host: whoever goes on would only meet it again. */
export const STOPPING: ReadonlySet<string> = new Set(['EIO', 'EROFS', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'ESTALE', 'ENODEV', 'EUCLEAN']);

/** Thrown where nothing more can be taken from a store, before the file in question was touched. */
export class StoreInTrouble extends Error {
  constructor(readonly code: string) {
    super(`the file system of the store fails (${code})`);
  }
}

/** What it means for a file that the kernel refuses something on the way to it. Errors: throws `StoreInTrouble`. */
export function outcomeOf(code: string): MoveOutcome {
  if (STOPPING.has(code)) throw new StoreInTrouble(code);
  return OUTCOMES[code] ?? 'io-error';
}

/**
 * The executor's own folder in a store's file system. A planned file is moved in by descriptor, looked at where nobody else can reach it, and then unlinked or put back.
 * The store's own account may rename or remove the folder itself; it is held by descriptor, and known again by its inode and its birth.
 * Safety: names are taken from the store by rename alone, so what was looked at is what is deleted. Source: safety rule 3.
 */
export class PrivateFolder {
  readonly #hand = new FolderHand();

  private constructor(
    /** The store's own folder, opened once. */
    readonly storeRoot: Directory,
    readonly root: BytePath,
    private readonly name: string,
    readonly directory: Directory,
    readonly identity: FolderIdentity,
    readonly fileSystem: FileSystem,
  ) {}

  /** Opens or makes the folder in a store's root; `isKnown` as of `openOwnFolder`. Errors: why it cannot be had, in words. */
  static open(host: Pick<Host, 'root'>, root: BytePath, order: string, isKnown: (identity: FolderIdentity) => boolean = () => false): Result<PrivateFolder, string> {
    const parent = openDirectoryBeneath(host.root, root);
    if (!parent.ok) return err(`the store's folder cannot be opened (${parent.error})`);
    const storeRoot = parent.value.directory;
    const name = PRIVATE_FOLDER_PREFIX + order;
    try {
      return PrivateFolder.#of(storeRoot, root, name, openOwnFolder(storeRoot, name, isKnown));
    } catch (cause) {
      closeDirectory(storeRoot);
      throw cause;
    }
  }

  /** Opens the folder that an earlier run made. Errors: why that very folder is not there. */
  static reopen(host: Pick<Host, 'root'>, root: BytePath, order: string, identity: FolderIdentity): Result<PrivateFolder, string> {
    const parent = openDirectoryBeneath(host.root, root);
    if (!parent.ok) return err(`the store's folder cannot be opened (${parent.error})`);
    const entered = PrivateFolder.#enter(parent.value.directory, root, PRIVATE_FOLDER_PREFIX + order);
    if (!entered.ok || isSameFolderOfOurs(entered.value.identity, identity)) return entered;
    entered.value.release();
    return err("the executor's own folder is not the one that it made");
  }

  /** Opens the folder that an earlier run of the order made, or may have made a moment before it ended; null where nothing of the kind is there. */
  static find(host: Pick<Host, 'root'>, root: BytePath, order: string): PrivateFolder | null {
    const parent = openDirectoryBeneath(host.root, root);
    if (!parent.ok) return null;
    const entered = PrivateFolder.#enter(parent.value.directory, root, PRIVATE_FOLDER_PREFIX + order);
    return entered.ok ? entered.value : null;
  }

  static #enter(storeRoot: Directory, root: BytePath, name: string): Result<PrivateFolder, string> {
    return PrivateFolder.#of(storeRoot, root, name, enterOwnFolder(storeRoot, name));
  }

  static #of(storeRoot: Directory, root: BytePath, name: string, own: Result<OwnFolder, string>): Result<PrivateFolder, string> {
    if (own.ok) return ok(new PrivateFolder(storeRoot, root, name, own.value.directory, own.value.identity, own.value.fileSystem));
    closeDirectory(storeRoot);
    return own;
  }

  /** Takes one planned file in. Whatever is not that very file goes back to its place. Errors: throws when our own folder was removed, and `StoreInTrouble`. */
  take(folder: Directory, name: BytePath, slot: number, planned: Identity): MoveOutcome {
    const own = String(slot);
    let error = this.#hand.moveToFree(folder.fd, name, this.directory.fd, own);
    if (isUnknownMove(error)) error = this.#moveToOwn(folder, name, own);
    if (error !== 0) return this.#refused(error, folder, name);
    const looked = this.#hand.look(this.directory.fd, own);
    if (looked !== 0) throw kernelError('what was taken in cannot be looked at', looked);
    if (isSame(this.#hand.facts, planned) && (planned.isUnit !== true || this.#holdsTheSame(own, planned))) return 'moved';
    this.putBack(folder, name, slot);
    return 'changed-since-plan';
  }

  /** For file systems that cannot move without replacing: nobody else enters our folder, so a name that is free in here stays free. */
  #moveToOwn(folder: Directory, name: BytePath, own: BytePath): number {
    if (this.#hand.look(this.directory.fd, own) === 0) throw new Error(PLACE_TAKEN);
    return this.#hand.move(folder.fd, name, this.directory.fd, own);
  }

  /** Whether what was taken in holds what it held when it was planned. */
  isAsPlanned(slot: number, planned: Identity): boolean {
    const own = String(slot);
    if (planned.isUnit === true) return this.#holdsTheSame(own, planned);
    return this.#hand.look(this.directory.fd, own) === 0 && this.#hand.facts.size === planned.size && this.#hand.facts.mtimeMs === planned.mtimeMs;
  }

  /** A folder that is one item goes only with what it held when it was planned. */
  #holdsTheSame(own: BytePath, planned: Identity): boolean {
    const entered = enterFolder(this.directory, own);
    if (!entered.ok) return false;
    try {
      const facts = new EntryFacts();
      factsOf(entered.value.fd, facts);
      const { size, newestMs, blocked } = inOneGo(surveyUnit(entered.value, facts, { reader: new FolderReader(), clock: 'modified', isWritten: () => false, untilBlocked: true }));
      return blocked === null && size === planned.size && newestMs === planned.mtimeMs;
    } finally {
      closeDirectory(entered.value);
    }
  }

  /** A null folder is gone; what lay in it goes to the store's own folder. */
  putBack(folder: Directory | null, name: BytePath, slot: number): void {
    putBack(this.#hand, { folder: this.directory, name: String(slot) }, folder, this.storeRoot, name, `${this.name.slice(PRIVATE_FOLDER_PREFIX.length)}-${slot}`);
  }

  slots(): Set<number> {
    return new Set(entryNames(this.directory).map(Number));
  }

  /** What was done here outlives a power cut, and so does that it is no longer where it was taken from: the kernel writes both halves of a move at once. */
  sync(): void {
    if (this.fileSystem.isOrdered) syncDescriptor(this.directory.fd);
    else syncFileSystem(this.directory.fd);
  }

  /** Removes the folder when it is empty. */
  close(): void {
    try {
      const looked = this.#hand.look(this.storeRoot.fd, this.name);
      if (looked !== 0 || this.#hand.facts.dev !== this.identity.dev || this.#hand.facts.ino !== this.identity.ino) return;
      const error = errorName(this.#hand.removeFolder(this.storeRoot.fd, this.name));
      if (error === 'EIO' || error === 'EROFS') throw new StoreInTrouble(error);
    } finally {
      this.release();
    }
  }

  /** Lets go of the descriptors and leaves the folder as it is. */
  release(): void {
    closeDirectory(this.directory);
    closeDirectory(this.storeRoot);
  }

  #refused(error: number, folder: Directory, name: BytePath): MoveOutcome {
    const code = errorName(error);
    if (code === 'EPERM') return this.#isOthersInSticky(folder, name) ? 'permission-denied' : 'immutable';
    if (code === 'EEXIST') throw new Error(PLACE_TAKEN);
    if (code !== 'ENOENT') return outcomeOf(code);
    const facts = new EntryFacts();
    factsOf(this.directory.fd, facts);
    if (facts.nlink === 0) throw new Error("the executor's own folder was removed by somebody else");
    return 'vanished';
  }

  /** The kernel says EPERM both for an immutable entry and for one of somebody else in a sticky folder. */
  #isOthersInSticky(folder: Directory, name: BytePath): boolean {
    const uid = ownUid();
    if (uid === 0 || (folder.mode & STICKY) === 0 || folder.uid === uid) return false;
    return this.#hand.look(folder.fd, name) === 0 && this.#hand.facts.uid !== uid;
  }
}
