import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { placesOn, servedByOthers } from '@mailwarden/inventory-fs';
import { CommandFailure } from '../failure.js';

const ROOT = 0;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;
/** Opens a part of the way as a mere place, a link as itself. Source: open(2), O_PATH; Node has no name for it. */
const PLACE = 0o10_000_000 | constants.O_NOFOLLOW;

/** An ordinary account's private group has its own number, and nobody else in it: many systems let it write by default. */
const isPrivateGroup = (gid: number): boolean => gid !== ROOT && gid === process.getegid?.() && gid === process.geteuid?.();

interface Part {
  readonly isLink: boolean;
  readonly uid: number;
  /** Whether other accounts may put something else in the place of what lies in it. */
  readonly isOpen: boolean;
}

/** Null where a program of another account serves it, whose word of owner and mode counts for nothing. */
function partAt(place: string): Part | null {
  const fd = openSync(place, PLACE);
  try {
    if (servedByOthers(fd)) return null;
    const found = fstatSync(fd);
    const writers = found.mode & (isPrivateGroup(found.gid) ? OTHERS_WRITE : GROUP_WRITES | OTHERS_WRITE);
    return { isLink: found.isSymbolicLink(), uid: found.uid, isOpen: writers !== 0 && (found.mode & STICKY) === 0 };
  } finally {
    closeSync(fd);
  }
}

function whyNotOurs(path: string): string | null {
  const own = process.geteuid?.() ?? ROOT;
  let last: Part | null = null;
  for (const place of placesOn(path)) {
    last = partAt(place);
    if (last === null) return `a program of another account serves ${place}`;
    if (last.uid !== ROOT && last.uid !== own) return `${place} belongs to another account`;
    if (!last.isLink && last.isOpen) return `others than its owner may write in ${place}`;
  }
  return last !== null && last.uid !== own ? `${path} belongs to another account` : null;
}

/**
 * Makes sure that a data folder, where there is one, is the caller's own, and that nobody else can put another in its place.
 * Safety: what lies there is acted on with the caller's rights: addresses are spoken to with a token, processes are ended, files are written. By default it is looked for where the caller happens to stand.
 * Errors: CommandFailure that says what is open, and what to do.
 */
export function requireOwnDataFolder(path: string): void {
  let why: string | null;
  try {
    why = whyNotOurs(path);
  } catch (cause) {
    const { code = 'too many links' } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return; // Nothing is there to be acted on.
    why = `its way cannot be looked at (${code})`;
  }
  if (why !== null) throw new CommandFailure(`the data folder ${path} is not used: ${why}`, 'name a folder of your own with --data, in folders that only you and root may write in, or run this as the account that it belongs to');
}
