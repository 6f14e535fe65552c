import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import type { BytePath } from '@mailwarden/inventory';
import { err, ok, type Result } from '@mailwarden/kernel';

/** An open folder. Whatever is done to its entries is done through the descriptor, so that nobody can swap the way to it. */
export interface Directory {
  readonly fd: number;
  readonly mountId: number;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

export type OpenError = 'absent' | 'not-a-folder' | 'other-file-system' | 'permission-denied' | 'io-error';

const FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Path of an entry through its folder's descriptor: only the last component is looked up, and it is never followed. */
export const entryPath = (directory: Pick<Directory, 'fd'>, name: BytePath): Buffer => Buffer.from(`/proc/self/fd/${directory.fd}/${name}`, 'latin1');

/** Bind mounts share a device number, so the kernel's mount id tells. Source: proc_pid_fdinfo(5). */
export function mountIdOf(fd: number): number {
  const match = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
  return match?.[1] === undefined ? -1 : Number(match[1]);
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
  const { uid, gid, mode } = fstatSync(fd);
  return { fd, mountId: mountIdOf(fd), uid, gid, mode };
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

/**
 * Walks down from the host's root to a store's folder, each component through the one before it.
 * The way down may lead over mounts (a store may be one); the folders on the way come back for judging who could replace the store.
 */
export function openDirectoryBeneath(root: Directory, path: BytePath): Result<{ directory: Directory; chain: Omit<Directory, 'fd'>[] }, OpenError> {
  let current = root;
  const chain: Omit<Directory, 'fd'>[] = [];
  for (const part of path.split('/').filter((component) => component !== '')) {
    const child = openChildDirectory(current, part, true);
    if (current !== root) closeDirectory(current);
    if (!child.ok) return child;
    if (current !== root) chain.push({ mountId: current.mountId, uid: current.uid, gid: current.gid, mode: current.mode });
    current = child.value;
  }
  return ok({ directory: current, chain });
}

/** Names of a folder's entries, as bytes. */
export const entryNames = (directory: Directory): BytePath[] => readdirSync(`/proc/self/fd/${directory.fd}`, { encoding: 'latin1' });

/** What the entry itself is; a link is not followed. */
export const statEntry = (directory: Pick<Directory, 'fd'>, name: BytePath): Stats => lstatSync(entryPath(directory, name));

/** Where the process stands when it stands in no folder of a host. */
const HOME = '/';
const PLAIN = /^[\x01-\x7f]*$/;

function stepInto(directory: Pick<Directory, 'fd'>): boolean {
  if (!isMainThread) return false; // A thread cannot stand in a folder of its own.
  try {
    process.chdir(`/proc/self/fd/${directory.fd}`);
    return true;
  } catch {
    return false; // It may be listed, not entered: then its entries cannot be looked at either way.
  }
}

/**
 * Looks at entries of one folder while standing in it, which costs the kernel a third of the way to each of them through /proc.
 * Safety: the folder is entered by its descriptor, so nobody can swap it. `work` must not wait: the process stands there for as long as it runs, and nobody else then.
 */
export function withinDirectory<T>(directory: Directory, work: (stat: (name: BytePath) => Stats) => T): T {
  if (!stepInto(directory)) return work((name) => statEntry(directory, name));
  try {
    return work((name) => lstatSync(PLAIN.test(name) ? name : Buffer.from(name, 'latin1')));
  } finally {
    process.chdir(HOME);
  }
}
