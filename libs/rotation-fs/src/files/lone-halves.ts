import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, openDirectoryBeneath, type Host } from '@mailwarden/inventory-fs';
import { errorName, FolderHand } from '@mailwarden/linux';
import type { HalfRow } from '@mailwarden/product-database';
import { plainName } from './other-half.js';
import type { StoreNames } from './store-names.js';

/** What rows and files of a store say of each other by their names. */
export interface Compared {
  /** Names in rows that lead to a file. */
  readonly whole: number;
  /** Names in rows that lead to none. */
  readonly unfound: readonly string[];
  /** Paths of files that no row names. */
  readonly unnamed: readonly string[];
}

export function compareNames(names: readonly string[], { paths, roots }: StoreNames): Compared {
  const named = new Set(names.map((name) => plainName(name, roots)));
  const unfound = names.filter((name) => !paths.has(plainName(name, roots)));
  return { whole: names.length - unfound.length, unfound, unnamed: [...paths].filter((path) => !named.has(path)) };
}

const NOT_DECODED = '\uFFFD';
const BEYOND_ASCII = /[^ -~]+/g;
const lastName = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1).normalize('NFC').toLowerCase();
/** Where bytes of a name are no UTF-8, a row may have any letters for them. */
const coarse = (name: string): string => name.replaceAll(BEYOND_ASCII, '?');

/**
 * Whether a row without a file and a file without a row could be one letter, of which the row spells the way in another manner than we know: they end in the same name.
 * Safety: composed and decomposed letters, and large and small ones, are the same here.
 */
export function mayBelongTogether(rows: Iterable<string>, files: readonly string[]): boolean {
  const exact = new Set(files.map(lastName));
  const undecoded = new Set(files.map(lastName).filter((name) => name.includes(NOT_DECODED)).map(coarse));
  for (const row of rows) {
    const name = lastName(row);
    if (exact.has(name) || (undecoded.size > 0 && undecoded.has(coarse(name)))) return true;
  }
  return false;
}

const asText = (path: BytePath): string => Buffer.from(path, 'latin1').toString('utf8');

/** Where below a folder of the store a row has its file; null where the row names no place in the store, or one that we cannot read. A path from the host's root on that leads into no folder of the store is somebody else's. */
export function placeInStore(file: string, roots: readonly BytePath[]): string | null {
  const isBelow = roots.some((root) => file.startsWith(`${asText(root)}/`));
  if (!isBelow && file.startsWith('/')) return null;
  const plain = plainName(file, roots);
  const isPlain = !plain.includes('\0') && !plain.includes(NOT_DECODED) && plain.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  return isPlain ? plain : null;
}

/** Folders from which a row may reckon its way: those of the store, and each above them. */
const beginnings = (roots: readonly BytePath[]): BytePath[] => [...new Set(roots.flatMap((root) => root.split('/').map((_part, index, parts) => parts.slice(0, parts.length - index).join('/'))))];

/** Whether an open folder has an entry; what cannot be looked at counts as there. */
const isThere = (hand: FolderHand, fd: number, name: BytePath): boolean => {
  const error = hand.look(fd, name);
  return error === 0 || errorName(error) !== 'ENOENT';
};

/**
 * Keys of rows whose file is there, wherever the row may reckon its way from, or may be there: a folder on the way cannot be entered, or is a link. Each folder is opened once.
 * Safety: what was not found in a walk may have come, or been moved, since.
 */
export function rowsWithFiles(host: Pick<Host, 'root'>, rows: readonly HalfRow[], roots: readonly BytePath[]): Set<string> {
  const wanted = rows.flatMap(({ key, file }) => {
    const plain = Buffer.from(plainName(file, roots), 'utf8').toString('latin1');
    return beginnings(roots).map((from) => {
      const path = `${from}/${plain}`;
      return { key, folder: path.slice(0, path.lastIndexOf('/')), name: path.slice(path.lastIndexOf('/') + 1) };
    });
  });
  const hand = new FolderHand();
  const found = new Set<string>();
  for (const [folder, entries] of Map.groupBy(wanted, (entry) => entry.folder)) {
    const opened = openDirectoryBeneath(host.root, folder);
    if (!opened.ok && opened.error === 'absent') continue;
    for (const { key, name } of entries) if (!opened.ok || isThere(hand, opened.value.directory.fd, name)) found.add(key);
    if (opened.ok) closeDirectory(opened.value.directory);
  }
  return found;
}
