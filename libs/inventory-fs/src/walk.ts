import type { Stats } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, openChildDirectory, openDirectoryBeneath, type Directory, type FolderOnTheWay, type OpenError } from './directory-descriptor.js';
import { ENTRIES_PER_BATCH, entryBatches } from './entry-batches.js';
import { isPrivateFolder } from './private-folder.js';
import { withinDirectory } from './within-directory.js';

/** Folders are open while they are walked, one for each level: this bounds the descriptors. */
export const DEPTH_MAX = 128;

/** What a walk finds. Paths are bytes, absolute below the host's root. */
export interface Visitor {
  file(path: BytePath, name: BytePath, stat: Stats, folder: Directory): void;
  /** A folder, before its entries. The one above it is null where the walk begins. */
  folder(path: BytePath, folder: Directory, above: Directory | null): void;
  /** An entry that is passed over, with its reason. */
  passedOver(path: BytePath, reason: PassedOver): void;
  /** Folders above the place where the walk begins, the outermost first. */
  above?(path: BytePath, chain: readonly FolderOnTheWay[]): void;
  /** False for a folder that holds nothing of interest: it is not opened. */
  enters?(path: BytePath): boolean;
  /** True for a folder that may be a mount of its own, because it is a place that was asked for or leads to one. */
  mayCross?(path: BytePath): boolean;
  /** Some entries of a folder were looked at. The folder stays open while this waits. */
  looked?(folder: Directory): Promise<void>;
}

export type PassedOver = 'not-a-regular-file' | 'other-file-system' | 'permission-denied' | 'io-error' | 'too-deep' | 'vanished';

const REASONS: Readonly<Record<OpenError, PassedOver>> = { absent: 'vanished', 'not-a-folder': 'not-a-regular-file', 'other-file-system': 'other-file-system', 'permission-denied': 'permission-denied', 'io-error': 'io-error' };

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function reasonOf(cause: unknown): PassedOver {
  const { code } = cause as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'vanished' : code === 'EACCES' || code === 'EPERM' ? 'permission-denied' : 'io-error';
}

/** A folder that is being walked, once its own entries were looked at. */
interface Level {
  readonly directory: Directory;
  readonly path: BytePath;
  /** Folders in it that are still to be walked, the next one last. */
  readonly folders: BytePath[];
}

/**
 * Visits everything below one folder, through descriptors, without following links or crossing mounts: of each folder first its files, then its folders.
 * Errors: why the folder itself cannot be walked; trouble below it goes to `passedOver`.
 */
export async function walk(root: Directory, start: BytePath, visitor: Visitor): Promise<OpenError | null> {
  const beneath = openDirectoryBeneath(root, start);
  if (!beneath.ok) return beneath.error;
  visitor.above?.(start, beneath.value.chain);
  const walker = new Walker(visitor);
  try {
    await walker.enter(beneath.value.directory, start === '/' ? '' : start);
    while (await walker.step());
    return null;
  } finally {
    walker.close();
  }
}

class Walker {
  readonly #levels: Level[] = [];
  #seen = 0;

  constructor(private readonly visitor: Visitor) {}

  /** Looks at a folder's own entries, and remembers its folders. */
  async enter(directory: Directory, path: BytePath): Promise<void> {
    const folders: BytePath[] = [];
    const above = this.#levels.at(-1)?.directory ?? null;
    this.#levels.push({ directory, path, folders });
    this.visitor.folder(path, directory, above);
    for (const names of this.#namesIn(directory, path)) {
      withinDirectory(directory, (stat) => {
        for (const name of names) if (this.#look(directory, path, name, stat)) folders.push(name);
      });
      if (this.visitor.looked !== undefined) await this.visitor.looked(directory);
      await this.#yieldAfter(names.length);
    }
    folders.reverse();
  }

  /** Goes on with the next folder. Returns false when there is none left. */
  async step(): Promise<boolean> {
    const level = this.#levels.at(-1);
    if (level === undefined) return false;
    const name = level.folders.pop();
    if (name === undefined) {
      closeDirectory(level.directory);
      this.#levels.pop();
      return true;
    }
    const path = `${level.path}/${name}`;
    if (this.visitor.enters?.(path) === false) return true;
    const child = this.#levels.length >= DEPTH_MAX ? null : openChildDirectory(level.directory, name, this.visitor.mayCross?.(path) === true);
    if (child === null) this.visitor.passedOver(path, 'too-deep');
    else if (child.ok) await this.enter(child.value, path);
    else this.visitor.passedOver(path, REASONS[child.error]);
    return true;
  }

  close(): void {
    for (const level of this.#levels) closeDirectory(level.directory);
  }

  *#namesIn(directory: Directory, path: BytePath): Generator<BytePath[], void, void> {
    try {
      yield* entryBatches(directory);
    } catch (cause) {
      this.visitor.passedOver(path, reasonOf(cause));
    }
  }

  /** Returns true for a folder that is to be walked. */
  #look(directory: Directory, parent: BytePath, name: BytePath, statOf: (name: BytePath) => Stats): boolean {
    const path = `${parent}/${name}`;
    let stat: Stats;
    try {
      stat = statOf(name);
    } catch (cause) {
      this.visitor.passedOver(path, reasonOf(cause));
      return false;
    }
    if (stat.isFile()) this.visitor.file(path, name, stat, directory);
    else if (!stat.isDirectory()) this.visitor.passedOver(path, 'not-a-regular-file');
    else return !isPrivateFolder(name, stat);
    return false;
  }

  async #yieldAfter(entries: number): Promise<void> {
    this.#seen += entries;
    if (this.#seen < ENTRIES_PER_BATCH) return;
    this.#seen = 0;
    await turn();
  }
}
