import { isUtf8 } from 'node:buffer';
import type { Relation } from '@mailwarden/catalogue';
import type { BytePath } from '@mailwarden/inventory';
import { openPairTrimmer, type PairTrimmer } from '@mailwarden/product-database';
import { productAccounts } from '../folder-owners.js';
import type { RotateRequest } from '../rotate-request.js';

/** Above it, rows are not compared by name: as many and none for a planned file is answer enough. */
const NAMES_MAX = 200_000;
const ASKED_AT_ONCE = 1_000;

/** A file by its store's folder and its path below it. */
export interface HalfName {
  readonly root: BytePath;
  readonly path: BytePath;
}

/** Rows that leave with their files. */
export interface OtherHalf {
  /** The rows themselves, for halves that are alone. */
  readonly rows: PairTrimmer;
  /** Deletes the rows of these files; committed when it resolves. Errors: `RowsStay` when all are certainly still there; any other when that cannot be told. */
  remove(files: readonly HalfName[]): Promise<void>;
  /** False when rows there are, but none of them names any file of the store in a way that we understand: then deleting files would leave all their rows behind. */
  isUnderstood(planned: readonly HalfName[], all: () => Iterable<HalfName>): Promise<boolean>;
  close(): Promise<void>;
}

/** Ways in which a row may spell a file's path. A name that is no UTF-8 has none: a text column cannot hold it. */
export function spellingsOf({ root, path }: HalfName): string[] {
  const bytes = Buffer.from(path, 'latin1');
  if (!isUtf8(bytes)) return [];
  const plain = bytes.toString('utf8');
  return [plain, `./${plain}`, `/${plain}`, `${Buffer.from(root, 'latin1').toString('utf8')}/${plain}`];
}

/** Path of a file below its store's folder, by whichever of these spellings a row has. */
export function plainName(file: string, roots: readonly BytePath[]): string {
  const root = roots.map((path) => `${Buffer.from(path, 'latin1').toString('utf8')}/`).find((path) => file.startsWith(path));
  return root === undefined ? file.replace(/^\.?\//, '') : file.slice(root.length);
}

async function anyHasRow(rows: PairTrimmer, files: readonly HalfName[]): Promise<boolean> {
  for (let at = 0; at < files.length; at += ASKED_AT_ONCE) {
    if ((await rows.filesWithRows(files.slice(at, at + ASKED_AT_ONCE).flatMap(spellingsOf))).size > 0) return true;
  }
  return false;
}

async function isUnderstood(rows: PairTrimmer, planned: readonly HalfName[], all: () => Iterable<HalfName>): Promise<boolean> {
  if (await anyHasRow(rows, planned)) return true;
  const names = await rows.fileNames(NAMES_MAX);
  if (names === null) return false; // So many rows, and none for any planned file.
  if (names.length === 0) return true;
  const named = new Set(names);
  for (const file of all()) if (spellingsOf(file).some((spelling) => named.has(spelling))) return true;
  return false;
}

/** Errors: throws when the product's database cannot be reached: its pairs then stay whole. */
export async function connectOtherHalf({ host, profile }: Pick<RotateRequest, 'host' | 'profile'>, relation: Relation, overwrite = false): Promise<OtherHalf> {
  const rows = await openPairTrimmer(relation, host, { overwrite, owners: productAccounts(host, profile) });
  if (!rows.ok) throw new Error(`the rows of ${relation.relation} cannot leave with their files: ${rows.error}`);
  return {
    rows: rows.value,
    remove: (files) => rows.value.removeFiles(files.flatMap(spellingsOf)),
    isUnderstood: (planned, all) => isUnderstood(rows.value, planned, all),
    close: () => rows.value.close(),
  };
}
