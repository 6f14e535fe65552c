import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
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

/** Reads a file below the host's root, each component through the one before it. Errors: why it cannot be read, in words that name no person. */
export function readHostFile(host: Pick<Host, 'root'>, path: BytePath): Result<{ bytes: Buffer; mtimeMs: number }, string> {
  const slash = path.lastIndexOf('/');
  const beneath = openDirectoryBeneath(host.root, path.slice(0, slash));
  if (!beneath.ok) return err(beneath.error === 'absent' ? 'the file does not exist' : `its folder cannot be opened (${beneath.error})`);
  const { directory } = beneath.value;
  try {
    const fd = openSync(entryPath(directory, path.slice(slash + 1)), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) return err('it is not a regular file');
      if (stat.size > READ_BYTES_MAX) return err(`it has ${stat.size} bytes, more than ${READ_BYTES_MAX}`);
      const bytes = Buffer.alloc(stat.size);
      return ok({ bytes: bytes.subarray(0, readSync(fd, bytes, 0, stat.size, 0)), mtimeMs: stat.mtimeMs });
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    return err(code === 'ENOENT' ? 'the file does not exist' : code === 'EACCES' ? 'the file may not be read' : `it cannot be read (${code ?? 'unknown'})`);
  } finally {
    if (directory !== host.root) closeDirectory(directory);
  }
}

/** Accounts of the host, from its own files; none when it has none. */
export function readAccounts(host: Pick<Host, 'root'>): Accounts {
  const text = (path: string): string => {
    const read = readHostFile(host, path);
    return read.ok ? read.value.bytes.toString('latin1') : '';
  };
  return accountsFrom(text('/etc/passwd'), text('/etc/group'));
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
