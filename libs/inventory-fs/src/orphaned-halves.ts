import type { Relation } from '@mailwarden/catalogue';
import type { BytePath } from '@mailwarden/inventory';
import { known, unknown, type Measured } from '@mailwarden/kernel';
import type { RelationReader } from '@mailwarden/product-database';
import { closeDirectory, entryNames, openDirectoryBeneath, statEntry } from './directory-descriptor.js';
import type { Host } from './host.js';
import { PAIR_NAMES_MAX, type WalkedStore } from './store-walk.js';
import { PRIVATE_FOLDER_PREFIX } from './private-folder.js';

/** Halves looked at once more, one by one. More than these are no letters that just came or went. */
const LOOKED_AT_AGAIN_MAX = 10_000;

export interface OrphanedHalves {
  readonly filesWithoutRow: number;
  readonly rowsWithoutFile: number;
}

/** Rows name files in text, which is UTF-8 on disk. Both halves are compared as bytes: names that decode alike are different files, and one that is no UTF-8 can have no row. */
const bytesOf = (text: string): BytePath => Buffer.from(text, 'utf8').toString('latin1');
const textOf = (name: BytePath): string => Buffer.from(name, 'latin1').toString('utf8');

/** When a file was last written; null when it is gone. Units: milliseconds since 1970. */
function writtenAtMs(host: Pick<Host, 'root'>, path: BytePath): number | null {
  const slash = path.lastIndexOf('/');
  const folder = openDirectoryBeneath(host.root, path.slice(0, slash));
  if (!folder.ok) return null;
  try {
    return statEntry(folder.value.directory, path.slice(slash + 1)).mtimeMs;
  } catch {
    return null;
  } finally {
    closeDirectory(folder.value.directory);
  }
}

/** True while an executor carries out an order in this store: halves leave one after the other then. */
function isBeingRotated(host: Pick<Host, 'root'>, root: BytePath): boolean {
  const folder = openDirectoryBeneath(host.root, root);
  if (!folder.ok) return false;
  try {
    return entryNames(folder.value.directory).some((name) => name.startsWith(PRIVATE_FOLDER_PREFIX));
  } finally {
    closeDirectory(folder.value.directory);
  }
}

const notRead = (relation: Relation, why: string): Measured<OrphanedHalves> => unknown(`${relation.relation} could not be read: ${why}`);

/**
 * Files without their row and rows without their file.
 * Files were walked a moment before the rows are read, and mail comes and goes meanwhile: what does not match is looked at again, and what is younger than the store's quiet period may still be on its way.
 */
export async function orphanedHalves(host: Pick<Host, 'root'>, { store, patterns, fileNames }: Pick<WalkedStore, 'store' | 'patterns' | 'fileNames'>, relation: Relation, reader: Pick<RelationReader, 'fileNames' | 'filesWithRows'>, nowMs: number): Promise<Measured<OrphanedHalves>> {
  const [root] = patterns.roots;
  if (fileNames === null || root === undefined) return unknown(`more than ${PAIR_NAMES_MAX} files`);
  const onDisk = new Set(fileNames);
  const named = await reader.fileNames(relation, PAIR_NAMES_MAX);
  if (!named.ok) return notRead(relation, named.error);
  const inRows = new Set(named.value.map(bytesOf));
  const loneFiles = [...onDisk].filter((name) => !inRows.has(name));
  const loneRows = [...inRows].filter((name) => !onDisk.has(name));
  if (loneFiles.length + loneRows.length === 0) return known({ filesWithoutRow: 0, rowsWithoutFile: 0 });
  if (isBeingRotated(host, root)) return unknown('an order is being carried out in this store');
  if (loneFiles.length + loneRows.length > LOOKED_AT_AGAIN_MAX) return known({ filesWithoutRow: loneFiles.length, rowsWithoutFile: loneRows.length });

  const settledMs = nowMs - store.quietPeriodSeconds * 1000;
  const found = await reader.filesWithRows(relation, loneFiles.map(textOf), null);
  if (!found.ok) return notRead(relation, found.error);
  const haveRows = new Set([...found.value].map(bytesOf));
  const filesWithoutRow = loneFiles.filter((name) => !haveRows.has(name) && (writtenAtMs(host, `${root}/${name}`) ?? Infinity) < settledMs).length;
  const stillAbsent = loneRows.filter((name) => writtenAtMs(host, `${root}/${name}`) === null);
  const settled = await reader.filesWithRows(relation, stillAbsent.map(textOf), new Date(settledMs));
  if (!settled.ok) return notRead(relation, settled.error);
  return known({ filesWithoutRow, rowsWithoutFile: settled.value.size });
}
