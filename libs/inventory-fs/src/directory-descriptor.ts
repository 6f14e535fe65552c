import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { err, ok, type Result } from '@mailwarden/kernel';

/** An open folder. Whatever is done to its entries is done through the descriptor, so that nobody can swap the way to it. */
export interface Directory {
  readonly fd: number;
  readonly mountId: number;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** What the folder itself takes up for its names; grows with their number. Units: bytes. */
  readonly size: number;
}

export type OpenError = 'absent' | 'not-a-folder' | 'other-file-system' | 'permission-denied' | 'io-error';

const FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Path of an entry through its folder's descriptor: only the last component is looked up, and it is never followed. */
export const entryPath = (directory: Pick<Directory, 'fd'>, name: BytePath): Buffer => Buffer.from(`/proc/self/fd/${directory.fd}/${name}`, 'latin1');

/** Bind mounts share a device number, so the kernel's mount id tells. Source: proc_pid_fdinfo(5). Errors: throws when it is not told: then nobody knows whether a mount was crossed. */
export function mountIdOf(fd: number): number {
  const match = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
  if (match?.[1] === undefined) throw new Error('the kernel tells no mount of an open folder; /proc must be that of this host');
  return Number(match[1]);
}

function errorOf(cause: unknown): OpenError {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'absent';
    case 'ENOTDIR':
    case 'ELOOP':
      return 'not-a-folder';
    case 'EACCES':
    case 'EPERM':
      return 'permission-denied';
    default:
      return 'io-error';
  }
}

function opened(path: Buffer | string): Directory {
  const fd = openSync(path, FLAGS);
  try {
    const { uid, gid, mode, size } = fstatSync(fd);
    return { fd, mountId: mountIdOf(fd), uid, gid, mode, size };
  } catch (cause) {
    closeSync(fd); // Descriptors may have run out between the two: this one must not be lost as well.
    throw cause;
  }
}

export const closeDirectory = (directory: Directory): void => closeSync(directory.fd);

/** Opens the folder that stands for a host's root; the only one that is opened by path. */
export function openHostRoot(root: string): Result<Directory, OpenError> {
  try {
    return ok(opened(root));
  } catch (cause) {
    return err(errorOf(cause));
  }
}

/** Opens one entry as a folder; a link is refused, and so is another mount unless `mayCross`. */
export function openChildDirectory(parent: Directory, name: BytePath, mayCross = false): Result<Directory, OpenError> {
  try {
    const child = opened(entryPath(parent, name));
    if (mayCross || child.mountId === parent.mountId) return ok(child);
    closeDirectory(child);
    return err('other-file-system');
  } catch (cause) {
    return err(errorOf(cause));
  }
}

/** The rights that decide who gets through a folder. */
export type FolderOnTheWay = Pick<Directory, 'uid' | 'gid' | 'mode'>;

/**
 * Walks down from the host's root to a store's folder, each component through the one before it.
 * The way down may lead over mounts (a store may be one); the folders on the way come back for judging who could replace the store.
 * What comes back is the caller's to close, also for the root itself.
 */
export function openDirectoryBeneath(root: Directory, path: BytePath): Result<{ directory: Directory; chain: FolderOnTheWay[] }, OpenError> {
  let current = root;
  const chain: FolderOnTheWay[] = [];
  const parts = path.split('/').filter((component) => component !== '');
  for (const part of parts.length === 0 ? ['.'] : parts) {
    const child = openChildDirectory(current, part, true);
    if (current !== root) closeDirectory(current);
    if (!child.ok) return child;
    if (current !== root) chain.push({ uid: current.uid, gid: current.gid, mode: current.mode });
    current = child.value;
  }
  return ok({ directory: current, chain });
}

/** Names of a folder's entries, as bytes. */
export const entryNames = (directory: Pick<Directory, 'fd'>): BytePath[] => readdirSync(`/proc/self/fd/${directory.fd}`, { encoding: 'latin1' });

/** What the entry itself is; a link is not followed. */
export const statEntry = (directory: Pick<Directory, 'fd'>, name: BytePath): Stats => lstatSync(entryPath(directory, name));
