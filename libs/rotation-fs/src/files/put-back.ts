import { closeSync, constants, openSync } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { entryPath, type Directory } from '@mailwarden/inventory-fs';
import { errorName, isUnknownMove, type FolderHand } from '@mailwarden/linux';

/** The name or a like one is taken, or too long: another name may do. */
const TRY_ANOTHER = new Set(['EEXIST', 'ENAMETOOLONG', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR']);
/** File systems without hard links, and entries that may not have a second name (folders; files of others where the kernel protects links). */
const NO_LINKS = new Set(['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'EMLINK', 'ENOSYS']);
const NEW_FOLDER_MODE = 0o700;

/** An entry of a folder. */
interface Entry {
  readonly folder: Directory;
  readonly name: BytePath;
}

function isSameEntry(hand: FolderHand, a: Entry, b: Entry): boolean {
  if (hand.look(a.folder.fd, a.name) !== 0) return false;
  const { dev, ino } = hand.facts;
  return hand.look(b.folder.fd, b.name) === 0 && hand.facts.dev === dev && hand.facts.ino === ino;
}

/** Takes the name first, with something empty of our own, and moves the entry over that: so nothing of anybody else's is overwritten. */
function moveOntoOwn(hand: FolderHand, from: Entry, to: Entry): number {
  const looked = hand.look(from.folder.fd, from.name);
  if (looked !== 0) return looked;
  if (hand.facts.isFolder) {
    const made = hand.makeFolder(to.folder.fd, to.name, NEW_FOLDER_MODE);
    if (made !== 0) return made;
  } else closeSync(openSync(entryPath(to.folder, to.name), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW));
  return hand.move(from.folder.fd, from.name, to.folder.fd, to.name);
}

/** For file systems that cannot move without replacing. */
function moveByLink(hand: FolderHand, from: Entry, to: Entry): number {
  const linked = hand.link(from.folder.fd, from.name, to.folder.fd, to.name);
  if (linked === 0) return hand.unlink(from.folder.fd, from.name);
  return NO_LINKS.has(errorName(linked)) ? moveOntoOwn(hand, from, to) : linked;
}

/** Returns null when the entry has its new name, or the kernel's name of why not. */
function give(hand: FolderHand, from: Entry, to: Entry): string | null {
  let error = hand.moveToFree(from.folder.fd, from.name, to.folder.fd, to.name);
  if (isUnknownMove(error)) error = moveByLink(hand, from, to);
  if (error === 0) return null;
  // A crash between the two steps of an earlier run left it under both names.
  if (TRY_ANOTHER.has(errorName(error)) && isSameEntry(hand, from, to)) error = hand.unlink(from.folder.fd, from.name);
  return error === 0 ? null : errorName(error);
}

/** What the name ends in that an entry gets whose own was taken. */
export const besideName = (mark: string): string => `returned-${mark}`;

/**
 * Gives an entry back under its name, or beside it when somebody has taken the name meanwhile, or in the store's own folder when its folder is gone. Returns whether it has its own name.
 * Safety: nothing is overwritten and nothing is lost. Errors: throws when no name could be given; the entry then stays where it is.
 */
export function putBack(hand: FolderHand, from: Entry, folder: Directory | null, storeRoot: Directory, name: BytePath, mark: string): boolean {
  const beside = besideName(mark);
  const places: Entry[] = [...(folder === null ? [] : [{ folder, name }, { folder, name: `${name}.${beside}` }, { folder, name: beside }]), { folder: storeRoot, name: beside }];
  for (const place of places) {
    const trouble = give(hand, from, place);
    if (trouble === null) return place.folder === folder && place.name === name;
    const mayTryOn = TRY_ANOTHER.has(trouble) || (trouble === 'ENOENT' && place.folder !== storeRoot); // The folder was removed while we held it open.
    if (!mayTryOn) throw Object.assign(new Error(`a file could not be put back (${trouble})`), { code: trouble });
  }
  throw new Error('a file could not be put back: its name and the names beside it are taken');
}
