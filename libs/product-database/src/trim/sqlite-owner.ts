import { lstatSync } from 'node:fs';
import { entryOf } from '../beneath.js';
import { isClosedWay } from '../sqlite/closed-way.js';
import type { SqliteFile } from '../sqlite/sqlite-file.js';
import type { FileOwner } from './trim-terms.js';

const ROOT = 0;
const OTHERS_WRITE = 0o022;
const MEND = 'give the file to the account of its product, or close its folder, and those above it, to others';

/** Why one account must not be become for a file; null where it may: the name that was followed may be one of several, and the file anybody's. */
function strangerProblem({ uid, gid, links }: SqliteFile, owners: readonly FileOwner[]): string | null {
  if (links !== 1) return 'its file has a second name, and may be the database of somebody else: take the other name away';
  if (uid === ROOT) return null;
  const owner = owners.find((account) => account.uid === uid);
  if (owner === undefined) return 'its file belongs to no account of its product: name the account in the profile (accounts), or give the file to the one that is named';
  return owner.gids.has(gid) ? null : 'its file belongs to a group that its account is not in: give it the group of that account';
}

/**
 * Why the rights of root are not given up for those of the file's owner, and the file is not written to; null where it may be. Whoever may write in its folder can lay a journal beside it that is played back when it is opened,
 * and that may name another file of the host, which older versions of SQLite then delete. Source: SQLite, Atomic Commit, "Multi-file Commit".
 */
export function ownerProblem(file: SqliteFile, owners: readonly FileOwner[]): string | null {
  const stranger = strangerProblem(file, owners);
  if (stranger !== null) return stranger;
  const isRoots = file.uid === ROOT;
  if (isClosedWay(file.folderFd, file.uid) && !(isRoots && (lstatSync(entryOf(file)).mode & OTHERS_WRITE) !== 0)) return null;
  return isRoots ? `its file belongs to root, and lies where others could have us do as root what they write beside it: ${MEND}` : `its file lies where others than its owner could lay beside it what is then written into it: ${MEND}`;
}
