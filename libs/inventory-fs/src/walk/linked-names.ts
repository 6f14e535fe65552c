import type { EntryFacts } from '@mailwarden/linux';
import type { SeenAmounts, StoreTally } from '@mailwarden/inventory';

/** Numbers for each name of a file that has several: its device, inode, count of names, store, and what it takes up. */
export type LinkedColumns = Float64Array;
const COLUMNS = 8;
const FIRST_ROOM = 64;

export interface LinkedName extends SeenAmounts {
  readonly dev: number;
  readonly ino: number;
  /** The lower half of `ino`: above `Number.MAX_SAFE_INTEGER` the two together tell files apart. */
  readonly inoLow: number;
  readonly nlink: number;
  readonly store: number;
}

/** Keeps files with several names until all names are known: such a file takes its room once. In columns, since all files of a store may be such. */
export class LinkedNames {
  #room = new Float64Array(FIRST_ROOM * COLUMNS);
  #end = 0;

  add({ dev, ino, inoLow, nlink }: Pick<EntryFacts, 'dev' | 'ino' | 'inoLow' | 'nlink'>, store: number, { bytes, allocated, atMs }: SeenAmounts): void {
    if (this.#end + COLUMNS > this.#room.length) {
      const larger = new Float64Array(this.#room.length * 2);
      larger.set(this.#room);
      this.#room = larger;
    }
    this.#room.set([dev, ino, inoLow, nlink, store, bytes, allocated, atMs], this.#end);
    this.#end += COLUMNS;
  }

  get columns(): LinkedColumns {
    return this.#room.slice(0, this.#end);
  }
}

export function* linkedNamesIn(columns: LinkedColumns): Generator<LinkedName, void, void> {
  for (let at = 0; at < columns.length; at += COLUMNS) {
    const [dev = 0, ino = 0, inoLow = 0, nlink = 0, store = 0, bytes = 0, allocated = 0, atMs = 0] = columns.subarray(at, at + COLUMNS);
    yield { dev, ino, inoLow, nlink, store, bytes, allocated, atMs };
  }
}

/** A file that has more names than the walk came across: the others lie elsewhere, or in a folder that was taken from memory. */
export interface MissingNames {
  readonly dev: number;
  readonly ino: number;
  readonly nlink: number;
}

/** Such a file, as the memory keeps it in mind. */
export const missingKey = ({ dev, ino, nlink }: MissingNames): string => `${dev} ${ino} ${nlink}`;

/**
 * Counts each file with several names once, for the first store of the profile that holds one of them, whatever the order in which they were found.
 * Returns the files some of whose names were not found.
 */
export function countLinked(places: readonly LinkedColumns[], tallies: readonly StoreTally[]): MissingNames[] {
  const files = new Map<string, { first: LinkedName; found: number }>();
  for (const columns of places) {
    for (const name of linkedNamesIn(columns)) {
      const key = `${name.dev} ${name.ino} ${name.inoLow}`;
      const file = files.get(key);
      if (file === undefined) files.set(key, { first: name, found: 1 });
      else {
        file.found += 1;
        const [own, other] = name.store < file.first.store ? [name, file.first] : [file.first, name];
        file.first = own;
        tallies[other.store]?.skip('hard-linked-again');
      }
    }
  }
  for (const { first } of files.values()) tallies[first.store]?.addAmounts(first);
  return [...files.values()].flatMap(({ first: { dev, ino, nlink }, found }) => (found < nlink ? [{ dev, ino, nlink }] : []));
}
