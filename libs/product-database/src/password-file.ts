import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { err, ok, type Result } from '@mailwarden/kernel';
import { entryOf, openFolderOf } from './beneath.js';

/** A password is one short line. Whatever is longer is another file, which is not handed to a database. Units: bytes. */
const PASSWORD_BYTES_MAX = 1_024;
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

function textOf(fd: number): string | null {
  const stat = fstatSync(fd);
  if (!stat.isFile() || stat.size > PASSWORD_BYTES_MAX) return null;
  const bytes = Buffer.alloc(PASSWORD_BYTES_MAX);
  const text = bytes.toString('utf8', 0, readSync(fd, bytes, 0, PASSWORD_BYTES_MAX, 0)).trim();
  return text.includes('\n') ? null : text;
}

const bytesOf = (file: string, flags = FLAGS): Result<string, string> => {
  const fd = openSync(file, flags);
  try {
    const text = textOf(fd);
    return text === null ? err(`holds more than one line of ${PASSWORD_BYTES_MAX} bytes; put the password alone there`) : ok(text);
  } finally {
    closeSync(fd);
  }
};

/** A path of the other host's, or the running host's for the same place. */
const pathBelow = (root: string, file: string): string => (file.startsWith(`${root}/`) ? file.slice(root.length) : file);

/** Safety: settings that lie in a tree may be its owner's, who names an address for the password as well: nothing outside the tree is read by them, and no link leads out. */
function readBelow(root: string, file: string): Result<string, string> {
  const rootFd = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const folder = openFolderOf({ fd: rootFd }, pathBelow(root, file));
    if (!folder.ok) return err(`cannot be read below ${root}: ${folder.error}`);
    try {
      return bytesOf(entryOf(folder.value), FLAGS | constants.O_NOFOLLOW);
    } finally {
      closeSync(folder.value.folderFd);
    }
  } finally {
    closeSync(rootFd);
  }
}

/** Reads the password of a product's database, of the running host, or below the root of another one. Errors: why not, without the file's content. */
export function readPassword(file: string, below: string | null = null): Result<string, string> {
  try {
    const read = below === null ? bytesOf(file) : readBelow(below, file);
    return read.ok ? read : err(`its password file ${file} ${read.error}`);
  } catch (cause) {
    return err(`its password file ${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}
