import { closeSync, linkSync, lstatSync, mkdirSync, openSync, renameSync, unlinkSync } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { entryPath, type Directory } from '@mailwarden/inventory-fs';

const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException).code ?? '';

/** The name or a like one is taken, or too long: another name may do. */
const TRY_ANOTHER = new Set(['EEXIST', 'ENAMETOOLONG', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR']);
/** File systems without hard links, and entries that may not have a second name (folders; files of others where the kernel protects links). */
const NO_LINKS = new Set(['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'EMLINK', 'ENOSYS']);

function isSameEntry(a: Buffer, b: Buffer): boolean {
  try {
    const [one, other] = [lstatSync(a), lstatSync(b)];
    return one.dev === other.dev && one.ino === other.ino;
  } catch {
    return false;
  }
}

/** Takes the name first, with something empty of our own, and moves the entry over that: so nothing of anybody else's is overwritten. */
function moveOntoOwn(from: Buffer, to: Buffer): void {
  if (lstatSync(from).isDirectory()) mkdirSync(to);
  else closeSync(openSync(to, 'wx'));
  renameSync(from, to);
}

function give(from: Buffer, to: Buffer): boolean {
  try {
    try {
      linkSync(from, to);
      unlinkSync(from);
    } catch (cause) {
      if (!NO_LINKS.has(codeOf(cause))) throw cause;
      moveOntoOwn(from, to);
    }
    return true;
  } catch (cause) {
    if (!TRY_ANOTHER.has(codeOf(cause))) throw cause;
    // A crash between the two steps of an earlier run left it under both names.
    if (!isSameEntry(from, to)) return false;
    unlinkSync(from);
    return true;
  }
}

/**
 * Gives an entry back under its name, or beside it when somebody has taken the name meanwhile, or in the store's own folder when its folder is gone.
 * Safety: nothing is overwritten and nothing is lost. Errors: throws when no name could be given; the entry then stays where it is.
 */
export function putBack(from: Buffer, folder: Directory | null, storeRoot: Directory, name: BytePath, mark: string): void {
  const beside = `returned-${mark}`;
  const places: (readonly [Directory, BytePath])[] = [...(folder === null ? [] : ([[folder, name], [folder, `${name}.${beside}`], [folder, beside]] as const)), [storeRoot, beside]];
  for (const [place, candidate] of places) {
    try {
      if (give(from, entryPath(place, candidate))) return;
    } catch (cause) {
      if (codeOf(cause) !== 'ENOENT' || place === storeRoot) throw cause; // The folder was removed while we held it open.
    }
  }
  throw new Error('a file could not be put back: its name and the names beside it are taken');
}
