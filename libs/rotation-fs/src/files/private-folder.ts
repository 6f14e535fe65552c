import { fstatSync, fsyncSync, lstatSync, mkdirSync, renameSync, rmdirSync, unlinkSync, type Stats } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, entryNames, entryPath, openChildDirectory, openDirectoryBeneath, PRIVATE_FOLDER_PREFIX, type Directory, type Host } from '@mailwarden/inventory-fs';
import { err, ok, type Result } from '@mailwarden/kernel';
import { putBack } from './put-back.js';

const FOLDER_MODE = 0o700;
const STICKY = 0o1000;

/** What a file was when it was planned. */
export interface Identity {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

const isSame = (stat: Stats, planned: Identity): boolean => stat.isFile() && stat.nlink === 1 && stat.dev === planned.dev && stat.ino === planned.ino && stat.size === planned.size && stat.mtimeMs === planned.mtimeMs;
const ownUid = (): number => process.geteuid?.() ?? 0;

export type MoveOutcome = 'moved' | 'changed-since-plan' | 'vanished' | 'permission-denied' | 'immutable' | 'other-file-system' | 'io-error';

const OUTCOMES: Readonly<Record<string, MoveOutcome>> = { EACCES: 'permission-denied', EXDEV: 'other-file-system' };

/** The kernel says EPERM both for an immutable entry and for one of somebody else in a sticky folder. */
function isOthersInSticky(folder: Directory, name: BytePath): boolean {
  const uid = ownUid();
  if (uid === 0 || (folder.mode & STICKY) === 0 || folder.uid === uid) return false;
  return lstatSync(entryPath(folder, name)).uid !== uid;
}

/**
 * The executor's own folder in a store's file system. A planned file is moved in by descriptor, looked at where nobody else can reach it, and then unlinked or put back.
 * The store's own account may rename or remove the folder itself; it is held by descriptor, and known again by device and inode.
 * Safety: names are taken from the store by rename alone, so what was looked at is what is deleted. Source: safety rule 3.
 */
export class PrivateFolder {
  private constructor(
    /** The store's own folder, opened once. */
    readonly storeRoot: Directory,
    readonly root: BytePath,
    private readonly name: string,
    private readonly directory: Directory,
    readonly identity: { readonly dev: number; readonly ino: number },
  ) {}

  /** Opens or makes the folder in a store's root. Errors: why it cannot be had, in words. */
  static open(host: Pick<Host, 'root'>, root: BytePath, order: string): Result<PrivateFolder, string> {
    const parent = openDirectoryBeneath(host.root, root);
    if (!parent.ok) return err(`the store's folder cannot be opened (${parent.error})`);
    const storeRoot = parent.value.directory;
    try {
      const name = PRIVATE_FOLDER_PREFIX + order;
      try {
        mkdirSync(entryPath(storeRoot, name), FOLDER_MODE);
        fsyncSync(storeRoot.fd);
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        if (code !== 'EEXIST') return giveUp(storeRoot, `the executor cannot make its own folder in the store (${code ?? 'unknown'})`);
      }
      return PrivateFolder.#enter(storeRoot, root, name);
    } catch (cause) {
      closeDirectory(storeRoot);
      throw cause;
    }
  }

  /** Opens the folder that an earlier run made. Errors: why that very folder is not there. */
  static reopen(host: Pick<Host, 'root'>, root: BytePath, order: string, identity: { readonly dev: number; readonly ino: number }): Result<PrivateFolder, string> {
    const parent = openDirectoryBeneath(host.root, root);
    if (!parent.ok) return err(`the store's folder cannot be opened (${parent.error})`);
    const entered = PrivateFolder.#enter(parent.value.directory, root, PRIVATE_FOLDER_PREFIX + order);
    if (!entered.ok || (entered.value.identity.dev === identity.dev && entered.value.identity.ino === identity.ino)) return entered;
    entered.value.release();
    return err("the executor's own folder is not the one that it made");
  }

  static #enter(storeRoot: Directory, root: BytePath, name: string): Result<PrivateFolder, string> {
    const opened = openChildDirectory(storeRoot, name);
    if (!opened.ok) return giveUp(storeRoot, `the executor's own folder cannot be opened (${opened.error})`);
    const { uid, mode, fd } = opened.value;
    if (uid !== ownUid() || (mode & 0o077) !== 0) {
      closeDirectory(opened.value);
      return giveUp(storeRoot, "the executor's own folder is open to others; somebody else made it");
    }
    const { dev, ino } = fstatSync(fd);
    return ok(new PrivateFolder(storeRoot, root, name, opened.value, { dev, ino }));
  }

  /** Takes one planned file in. Whatever is not that very file goes back to its place. Errors: throws when our own folder was removed. */
  take(folder: Directory, name: BytePath, slot: number, planned: Identity): MoveOutcome {
    try {
      renameSync(entryPath(folder, name), this.#path(slot));
    } catch (cause) {
      return this.#outcomeOf(cause, folder, name);
    }
    if (isSame(lstatSync(this.#path(slot)), planned)) return 'moved';
    this.putBack(folder, name, slot);
    return 'changed-since-plan';
  }

  /** A null folder is gone; what lay in it goes to the store's own folder. */
  putBack(folder: Directory | null, name: BytePath, slot: number): void {
    putBack(this.#path(slot), folder, this.storeRoot, name, `${this.name.slice(PRIVATE_FOLDER_PREFIX.length)}-${slot}`);
  }

  slots(): Set<number> {
    return new Set(entryNames(this.directory).map(Number));
  }

  /** Deletes what was taken in. The only place in the product where user data is unlinked. */
  unlink(slot: number): void {
    unlinkSync(this.#path(slot));
  }

  /** What was done here outlives a power cut. */
  sync(): void {
    fsyncSync(this.directory.fd);
  }

  /** Removes the folder when it is empty. */
  close(): void {
    try {
      const { dev, ino } = lstatSync(entryPath(this.storeRoot, this.name));
      if (dev === this.identity.dev && ino === this.identity.ino) rmdirSync(entryPath(this.storeRoot, this.name));
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'ENOENT') throw cause;
    } finally {
      this.release();
    }
  }

  /** Lets go of the descriptors and leaves the folder as it is. */
  release(): void {
    closeDirectory(this.directory);
    closeDirectory(this.storeRoot);
  }

  #outcomeOf(cause: unknown, folder: Directory, name: BytePath): MoveOutcome {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      if (fstatSync(this.directory.fd).nlink === 0) throw new Error("the executor's own folder was removed by somebody else", { cause });
      return 'vanished';
    }
    if (code === 'EPERM') return isOthersInSticky(folder, name) ? 'permission-denied' : 'immutable';
    return OUTCOMES[code ?? ''] ?? 'io-error';
  }

  #path(slot: number): Buffer {
    return entryPath(this.directory, String(slot));
  }
}

function giveUp(storeRoot: Directory, reason: string): Result<never, string> {
  closeDirectory(storeRoot);
  return err(reason);
}
