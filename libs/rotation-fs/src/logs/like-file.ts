import { closeSync, constants, fchmodSync, fchownSync, fstatSync, fsyncSync, openSync } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { entryPath, type Directory } from '@mailwarden/inventory-fs';
import { changeAttribute, copyAttributes, heldAttribute } from '@mailwarden/linux';

/** Reading, writing, running; nobody hands on the right to become somebody else. */
const RIGHTS = 0o777;
const PRIVATE = 0o600;
/** Source: acl(5). */
const ACCESS_LIST = 'system.posix_acl_access';

/** Gives one open file the owner, the rights, the access list and the other attributes of another one. Errors: throws where its owner or rights cannot be set; returns what else could not be. */
export function becomeLike(like: number, fd: number): string | null {
  const { uid, gid, mode } = fstatSync(like);
  fchownSync(fd, uid, gid);
  // What its folder hands on to new files is no property of the other one.
  if (heldAttribute(like, ACCESS_LIST) === null) changeAttribute(fd, ACCESS_LIST, null);
  fchmodSync(fd, mode & RIGHTS);
  return copyAttributes(like, fd);
}

/**
 * Makes a new empty file beside another one, like it, and returns its descriptor; null where the name is taken.
 * Safety: it is made anew or not at all, so nothing that somebody laid there gets an owner or rights.
 */
export function makeLike(like: number, directory: Directory, name: BytePath): number | null {
  let fd: number;
  try {
    fd = openSync(entryPath(directory, name), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, PRIVATE);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return null;
    throw cause;
  }
  try {
    becomeLike(like, fd);
    fsyncSync(directory.fd);
    return fd;
  } catch (cause) {
    closeSync(fd);
    throw cause;
  }
}
