import { fsyncSync, linkSync, lstatSync, mkdirSync, renameSync, rmdirSync, unlinkSync, type Stats } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, entryNames, entryPath, openChildDirectory, openDirectoryBeneath, PRIVATE_FOLDER_PREFIX, type Directory, type Host } from '@mailwarden/inventory-fs';

const FOLDER_MODE = 0o700;

/** What a file was when it was planned. */
export interface Identity {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

const isSame = (stat: Stats, planned: Identity): boolean => stat.isFile() && stat.nlink === 1 && stat.dev === planned.dev && stat.ino === planned.ino && stat.size === planned.size && stat.mtimeMs === planned.mtimeMs;

/** Keeps the folder that was used last open: a plan sorted by age still stays in few folders. */
export class FolderCache {
  #path: BytePath | null = null;
  #directory: Directory | null = null;

  constructor(private readonly host: Pick<Host, 'root'>) {}

  /** Null when the folder is gone or was swapped for something else. */
  open(path: BytePath): Directory | null {
    if (this.#path === path) return this.#directory;
    this.close();
    const opened = openDirectoryBeneath(this.host.root, path);
    this.#path = path;
    this.#directory = opened.ok ? opened.value.directory : null;
    return this.#directory;
  }

  close(): void {
    if (this.#directory !== null) closeDirectory(this.#directory);
    this.#directory = null;
    this.#path = null;
  }
}

export type MoveOutcome = 'moved' | 'changed-since-plan' | 'vanished' | 'permission-denied' | 'immutable' | 'other-file-system' | 'io-error';

function outcomeOf(cause: unknown): MoveOutcome {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'vanished';
    case 'EACCES':
      return 'permission-denied';
    case 'EPERM':
      return 'immutable';
    case 'EXDEV':
      return 'other-file-system';
    default:
      return 'io-error';
  }
}

/**
 * The executor's own folder in a store's file system. A planned file is moved in by descriptor, looked at where nobody else can reach it, and then unlinked or put back.
 * Safety: names are taken from the store by rename alone, so what was looked at is what is deleted. Source: safety rule 3.
 */
export class PrivateFolder {
  private constructor(
    private readonly parent: Directory,
    private readonly name: string,
    private readonly directory: Directory,
  ) {}

  /** Opens or makes the folder in a store's root. Errors: throws when it is not ours alone. */
  static open(host: Pick<Host, 'root'>, storeRoot: BytePath, order: string): PrivateFolder | null {
    const parent = openDirectoryBeneath(host.root, storeRoot);
    if (!parent.ok) return null;
    const name = PRIVATE_FOLDER_PREFIX + order;
    try {
      mkdirSync(entryPath(parent.value.directory, name), FOLDER_MODE);
      fsyncSync(parent.value.directory.fd);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    }
    const opened = openChildDirectory(parent.value.directory, name);
    if (!opened.ok) throw new Error(`the executor's own folder cannot be opened (${opened.error})`);
    const { uid, mode } = opened.value;
    if (uid !== (process.geteuid?.() ?? 0) || (mode & 0o077) !== 0) throw new Error("the executor's own folder is open to others; somebody else made it");
    return new PrivateFolder(parent.value.directory, name, opened.value);
  }

  /** Takes one planned file in. Whatever is not that very file goes back to its place. */
  take(folder: Directory, name: BytePath, slot: number, planned: Identity): MoveOutcome {
    try {
      renameSync(entryPath(folder, name), this.#path(slot));
    } catch (cause) {
      return outcomeOf(cause);
    }
    if (isSame(lstatSync(this.#path(slot)), planned)) return 'moved';
    this.putBack(folder, name, slot);
    return 'changed-since-plan';
  }

  /** Puts a file back under its name, or beside it when somebody has taken the name meanwhile: nothing is overwritten. */
  putBack(folder: Directory, name: BytePath, slot: number): void {
    for (const candidate of [name, `${name}.returned-${slot}`]) {
      try {
        linkSync(this.#path(slot), entryPath(folder, candidate));
        unlinkSync(this.#path(slot));
        return;
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        if (code === 'EEXIST') continue;
        if (code !== 'EPERM') throw cause;
        renameSync(this.#path(slot), entryPath(folder, candidate)); // A folder cannot be linked; a rename onto a file or a filled folder fails by itself.
        return;
      }
    }
    throw new Error('a file could not be put back: both its name and the name beside it are taken');
  }

  slots(): number[] {
    return entryNames(this.directory).map(Number);
  }

  /** Deletes what was taken in. The only place in the product where user data is unlinked. */
  unlink(slot: number): void {
    unlinkSync(this.#path(slot));
  }

  sync(): void {
    fsyncSync(this.directory.fd);
  }

  /** Removes the folder when it is empty. */
  close(): void {
    closeDirectory(this.directory);
    try {
      rmdirSync(entryPath(this.parent, this.name));
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'ENOENT') throw cause;
    } finally {
      closeDirectory(this.parent);
    }
  }

  #path(slot: number): Buffer {
    return entryPath(this.directory, String(slot));
  }
}
