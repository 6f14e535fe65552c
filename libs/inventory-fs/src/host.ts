import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import type { HostSettings } from '@mailwarden/catalogue';
import { accountsFrom, type Accounts, type BytePath } from '@mailwarden/inventory';
import { err, ok, type Result } from '@mailwarden/kernel';
import { closeDirectory, entryPath, openDirectoryBeneath, openHostRoot, type Directory } from './directory-descriptor.js';

/** One host as a scan sees it: the folder that stands for its root, and what only it knows. */
export interface Host {
  readonly root: Directory;
  readonly rootPath: string;
  readonly settings: HostSettings;
}

/** Settings and agreement texts are small; larger files are no such files. Units: bytes. */
const READ_BYTES_MAX = 4 * 1024 * 1024;

/** Said of a file that is not there: the one reason that is an answer too. */
export const NO_SUCH_FILE = 'the file does not exist';

function reasonOf(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return NO_SUCH_FILE;
    case 'EACCES':
      return 'the file may not be read';
    case 'ELOOP':
      return 'it is a link, which is not followed';
    case 'ENXIO':
      return 'it is not a regular file';
    default:
      return `it cannot be read (${code ?? 'unknown'})`;
  }
}

/** Opens a file below the host's root for the time of `use`, each component through the one before it. Errors: why it cannot be opened, in words that name no person. */
export function withHostFile<T>(host: Pick<Host, 'root'>, path: BytePath, use: (fd: number, stat: Stats) => Result<T, string>): Result<T, string> {
  const slash = path.lastIndexOf('/');
  const beneath = openDirectoryBeneath(host.root, path.slice(0, slash));
  if (!beneath.ok) return err(beneath.error === 'absent' ? NO_SUCH_FILE : `its folder cannot be opened (${beneath.error})`);
  const { directory } = beneath.value;
  try {
    const fd = openSync(entryPath(directory, path.slice(slash + 1)), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      return stat.isFile() ? use(fd, stat) : err('it is not a regular file');
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    return err(reasonOf(cause));
  } finally {
    closeDirectory(directory);
  }
}

/** Reads a small file below the host's root. Errors: why it cannot be read. */
export function readHostFile(host: Pick<Host, 'root'>, path: BytePath): Result<{ bytes: Buffer; mtimeMs: number }, string> {
  return withHostFile(host, path, (fd, { size, mtimeMs }) => {
    if (size > READ_BYTES_MAX) return err(`it has ${size} bytes, more than ${READ_BYTES_MAX}`);
    const bytes = Buffer.alloc(size);
    return ok({ bytes: bytes.subarray(0, readSync(fd, bytes, 0, size, 0)), mtimeMs });
  });
}

/** Whether a file is there, however large. Errors: why that cannot be told. */
export function hostFileExists(host: Pick<Host, 'root'>, path: BytePath): Result<boolean, string> {
  const found = withHostFile(host, path, () => ok(true));
  return !found.ok && found.error === NO_SUCH_FILE ? ok(false) : found;
}

/** Accounts of the host, from its own files. Errors: why they are not known; then nobody can tell who gets in. */
export function readAccounts(host: Pick<Host, 'root'>): Result<Accounts, string> {
  const [passwd, group] = [readHostFile(host, '/etc/passwd'), readHostFile(host, '/etc/group')];
  if (!passwd.ok) return err(`/etc/passwd: ${passwd.error}`);
  if (!group.ok && group.error !== NO_SUCH_FILE) return err(`/etc/group: ${group.error}`);
  return ok(accountsFrom(passwd.value.bytes.toString('latin1'), group.ok ? group.value.bytes.toString('latin1') : ''));
}

/** Opens a host for the time of `work`. Errors: throws when its root cannot be opened at all. */
export async function withHost<T>(rootPath: string, settings: HostSettings, work: (host: Host) => Promise<T>): Promise<T> {
  const root = openHostRoot(rootPath);
  if (!root.ok) throw new Error(`the host's root ${rootPath} cannot be opened (${root.error})`);
  try {
    return await work({ root: root.value, rootPath, settings });
  } finally {
    closeDirectory(root.value);
  }
}
