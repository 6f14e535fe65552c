import { closeSync, constants, openSync, readFileSync, statfsSync } from 'node:fs';
import { err, isServedByOthers, ok, type Result } from '@mailwarden/kernel';

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

const WHY: Readonly<Record<string, string>> = { ENOENT: 'its folder does not exist', ENOTDIR: 'a link or a file stands where its folder should', ELOOP: 'a link stands where its folder should', EACCES: 'its folder may not be opened' };

/** The place of an entry: its open folder, which is the caller's to close, and its name there. */
export interface Place {
  readonly folderFd: number;
  readonly name: string;
}

/** Opens the folder of `path` below the host's root, each component through the one before it: no link leads elsewhere. Errors: why not. */
export function openFolderOf(root: { readonly fd: number }, path: string): Result<Place, string> {
  const parts = path.split('/').filter((part) => part !== '');
  const name = parts.pop();
  if (name === undefined || parts.includes('..') || name === '..') return err('its place is no file');
  let current: number | null = null;
  try {
    for (const part of ['.', ...parts]) {
      const next = openSync(`/proc/self/fd/${current ?? root.fd}/${part}`, FOLDER);
      if (current !== null) closeSync(current);
      current = next;
    }
    return current === null ? err('its place is no file') : ok({ folderFd: current, name });
  } catch (cause) {
    if (current !== null) closeSync(current);
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    return err(WHY[code] ?? `its folder cannot be opened (${code})`);
  }
}

/** Path of an entry through its folder's descriptor. */
export const entryOf = ({ folderFd, name }: Place, suffix = ''): string => `/proc/self/fd/${folderFd}/${name}${suffix}`;

/** Whether another account than root and the running one could answer for what a descriptor shows; then its owner and mode mean nothing. Errors: throws where that is not told. */
export const servedByOthers = (fd: number): boolean => isServedByOthers(fd, { textOf: (path) => readFileSync(path, 'latin1'), kindOf: (path) => statfsSync(path).type, own: process.geteuid?.() ?? 0 });
