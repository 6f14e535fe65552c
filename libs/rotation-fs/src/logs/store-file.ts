import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { compilePatterns, outermost, type BytePath, type PatternSet } from '@mailwarden/inventory';
import { closeDirectory, entryNames, entryPath, mountIdOf, openChildDirectory, openDirectoryBeneath, statEntry, walk, type Directory, type Host } from '@mailwarden/inventory-fs';
import { keptBelow, keptIn, storeOwners, type KeptFolder, type StoreOwners } from '../folder-owners.js';
import type { RotateRequest } from '../rotate-request.js';

/** Where a file of a store lies. `folder` is below the root, and empty for the root itself. */
export interface FilePlace {
  readonly root: BytePath;
  readonly folder: BytePath;
  readonly name: BytePath;
}

/** A regular file of a store, as it was found. */
export interface StoreFile extends FilePlace {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  /** When its inode was made; 0 where the file system keeps no such moment. */
  readonly bornMs: number;
  /** Units: allocated bytes. */
  readonly bytes: number;
  readonly isLinked: boolean;
  /** One of those that the profile says are being written. */
  readonly isActive: boolean;
  /** Matched by a pattern of the order: it stays as it is. */
  readonly isExcluded: boolean;
}

const BLOCK_BYTES = 512;

export const pathOf = ({ root, folder, name }: FilePlace): BytePath => `${root}/${folder === '' ? '' : `${folder}/`}${name}`;

/** Which paths belong to a store: its own patterns, without those of its profile's earlier stores. */
export interface StorePatterns {
  readonly own: PatternSet;
  readonly excluded: PatternSet;
  readonly active: PatternSet;
}

export function storePatterns({ profile, store }: Pick<RotateRequest, 'profile' | 'store'>): StorePatterns {
  const earlier = profile.stores.slice(0, Math.max(0, profile.stores.findIndex(({ id }) => id === store.id)));
  return { own: compilePatterns(store.files), excluded: compilePatterns([...store.exclude, ...earlier.flatMap(({ files }) => files)]), active: compilePatterns(store.active) };
}

/** What a store holds. */
export interface StoreContent {
  readonly files: readonly StoreFile[];
  /** Folders of somebody who need not have brought them into the store: nothing in them is looked at. */
  readonly carried: number;
}

type ContentRequest = Pick<RotateRequest, 'host' | 'profile' | 'store' | 'exclude'>;

/** Which folders of a store are entered, while it is walked. */
class EnteredFolders {
  carried = 0;
  readonly #kept = new WeakMap<Directory, KeptFolder>();
  #aboveRoot: KeptFolder | null = null;

  constructor(private readonly owners: StoreOwners) {}

  begin(chain: readonly Pick<Directory, 'uid' | 'mode'>[]): void {
    this.#aboveRoot = keptBelow(chain, this.owners);
  }

  /** `isOfStore` where the folder is, or may hold, some of the store. */
  enter(folder: Directory, above: Directory | null, isOfStore: boolean): void {
    const keptAbove = above === null ? this.#aboveRoot : this.#kept.get(above);
    if (keptAbove === null || keptAbove === undefined) return;
    const kept = keptIn(keptAbove, folder, this.owners);
    if (kept !== null) this.#kept.set(folder, kept);
    else if (isOfStore) this.carried += 1;
  }

  has(folder: Directory): boolean {
    return this.#kept.has(folder);
  }
}

/** All regular files of a store but those in carried folders. Errors: throws when a folder of it is there and cannot be read, or the store itself was carried where it is. */
export async function storeContent(request: ContentRequest): Promise<StoreContent> {
  const { own, excluded, active } = storePatterns(request);
  const untouched = compilePatterns([...request.exclude]);
  const entered = new EnteredFolders(storeOwners(request.host, request.profile, request.store));
  const files: StoreFile[] = [];
  for (const root of outermost(own.roots)) {
    let isCarried = false;
    const failed = await walk(request.host.root, root, {
      above: (_path, chain) => entered.begin(chain),
      file(path, name, stat, directory) {
        if (!entered.has(directory) || !own.matches(path) || excluded.matches(path)) return;
        const folder = path.slice(root.length + 1, Math.max(root.length + 1, path.length - name.length - 1));
        files.push({ root, folder, name, dev: stat.dev, ino: stat.ino, size: stat.size, mtimeMs: stat.mtimeMs, bornMs: stat.birthtimeMs, bytes: stat.blocks * BLOCK_BYTES, isLinked: stat.nlink > 1, isActive: active.matches(path), isExcluded: untouched.matches(path) });
      },
      folder(path, directory, above) {
        entered.enter(directory, above, above !== null && (own.matches(path) || own.mayHold(path)) && !excluded.matches(path));
        if (above === null) isCarried = !entered.has(directory);
      },
      passedOver: () => undefined,
    });
    if (failed !== null && failed !== 'absent') throw new Error(`${request.store.id} cannot be read (${failed})`);
    if (isCarried) throw new Error(`${request.store.id} cannot be read (permission-denied)`);
  }
  return { files, carried: entered.carried };
}

/** Errors: as `storeContent`. */
export const storeFiles = async (request: ContentRequest): Promise<readonly StoreFile[]> => (await storeContent(request)).files;

/** Walks down to a file's folder from the store's own, each component through the one before it, and keeps it open for `use`. Safety: no link is followed and no mount below the store crossed. Null where the way is gone. */
export async function withFolder<T>(host: Pick<Host, 'root'>, { root, folder }: Pick<FilePlace, 'root' | 'folder'>, use: (directory: Directory) => T | Promise<T>): Promise<T | null> {
  const beneath = openDirectoryBeneath(host.root, root);
  if (!beneath.ok) return null;
  let current = beneath.value.directory;
  try {
    for (const part of folder.split('/').filter((component) => component !== '')) {
      const child = openChildDirectory(current, part);
      if (!child.ok) return null;
      closeDirectory(current);
      current = child.value;
    }
    return await use(current);
  } finally {
    closeDirectory(current);
  }
}

/**
 * What tells one file from another in the same place: its inode and its birth. A journal outlives a restart, after which the device may have another number:
 * that one says by which number the file is found among those that are open, and is looked up anew with `withDeviceOfNow`.
 */
export type FileIdentity = Pick<StoreFile, 'dev' | 'ino' | 'bornMs'>;
export const isSameFile = (stat: Stats, { ino, bornMs }: Pick<FileIdentity, 'ino' | 'bornMs'>): boolean => stat.isFile() && stat.ino === ino && stat.birthtimeMs === bornMs;
export const identityOf = ({ dev, ino, birthtimeMs }: Stats): FileIdentity => ({ dev, ino, bornMs: birthtimeMs });

function statNow(directory: Pick<Directory, 'fd'>, name: BytePath): Stats | null {
  try {
    return statEntry(directory, name);
  } catch {
    return null;
  }
}

/** The same file under the number that its device has now, where it lies in one of these places; else as it was written down. */
export function withDeviceOfNow<T extends FileIdentity>(file: T, places: readonly { readonly directory: Pick<Directory, 'fd'>; readonly name: BytePath }[]): T {
  const stat = places.map(({ directory, name }) => statNow(directory, name)).find((found) => found !== null && isSameFile(found, file));
  return stat === undefined || stat === null ? file : { ...file, dev: stat.dev };
}

/** Under which name of a folder a file lies now: another program may have given it a new one meanwhile, as logrotate does. The name that it had, where it is nowhere. */
export function nameOfNow(directory: Pick<Directory, 'fd'>, name: BytePath, file: FileIdentity): BytePath {
  const isIt = (candidate: BytePath): boolean => {
    const stat = statNow(directory, candidate);
    return stat !== null && isSameFile(stat, file);
  };
  return isIt(name) ? name : (entryNames(directory).find(isIt) ?? name);
}

/** Opens an entry of a folder if it is still that very file, under one name only and in the mount of its folder; null where it is not. */
export function openFile(directory: Pick<Directory, 'fd' | 'mountId'>, name: BytePath, identity: FileIdentity, flags: number): number | null {
  let fd: number;
  try {
    fd = openSync(entryPath(directory, name), flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENXIO') return null;
    throw cause;
  }
  const stat = fstatSync(fd);
  if (isSameFile(stat, identity) && stat.nlink === 1 && mountIdOf(fd) === directory.mountId) return fd;
  closeSync(fd);
  return null;
}
