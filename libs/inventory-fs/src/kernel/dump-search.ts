import type { Stats } from 'node:fs';
import type { BytePath, FolderRights } from '@mailwarden/inventory';
import type { Directory } from '../directory-descriptor.js';
import { entryBatches } from '../entry-batches.js';

/** Names that are looked at in the folders of one kind, and dumps of the product that are kept of them: whoever may write there may write without end. */
const NAMES_MAX = 100_000;
const FOUND_MAX = 10_000;
/** Longest path of a program. Units: bytes. */
export const PROGRAM_BYTES_MAX = 4_096;
const TOO_MANY = 'too many entries to look at them all';

/** A dump that lies on the host, and the program that it is of: a path, or the beginning of a name. */
export interface DumpSeen {
  readonly path: BytePath;
  readonly program: string;
  readonly stat: Stats;
  /** Folders that lead to it. */
  readonly through: readonly FolderRights[];
}

/** Said where a folder of dumps is there and cannot be read. Privacy: the folder is one that everybody knows, or is told as what it is for. */
export type Unread = (folder: string, why: string) => void;

/** The search through the folders of one kind, with its bounds. */
export class DumpSearch {
  readonly found: DumpSeen[] = [];
  #namesLeft = NAMES_MAX;

  constructor(
    private readonly isProduct: (program: string) => boolean,
    readonly unread: Unread,
  ) {}

  /** Names of a folder, as many as are left to look at. */
  *namesIn(directory: Directory, folder: string): Generator<BytePath> {
    for (const names of entryBatches(directory)) {
      for (const name of names) {
        if (this.#namesLeft <= 0 || this.found.length >= FOUND_MAX) return this.unread(folder, TOO_MANY);
        this.#namesLeft -= 1;
        yield name;
      }
    }
  }

  /** Keeps a dump of the product. The name of its program is copied, so that it does not keep what it was cut out of. */
  see(dump: DumpSeen): void {
    const program = Buffer.from(dump.program.slice(0, PROGRAM_BYTES_MAX), 'latin1').toString('latin1');
    if (this.isProduct(program)) this.found.push({ ...dump, program });
  }
}
