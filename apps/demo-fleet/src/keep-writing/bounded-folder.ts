import type { ListedFile } from '../tree/server-tree.js';

/** Removing goes down to this share of the ceiling, so that it is not begun anew with every letter. */
const LOW_SHARE = 0.9;
const BLOCK_BYTES = 4_096;

/** Keeps count of one folder against its ceiling. Others remove files as well (a rotation does), so the folder is listed anew before anything goes. */
export class BoundedFolder {
  #bytes: number;

  constructor(
    private readonly ceilingBytes: number,
    private readonly list: () => ListedFile[],
  ) {
    this.#bytes = total(list());
  }

  grewBy(bytes: number): void {
    this.#bytes += Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
  }

  /** The oldest files that have to go; none while the folder stays below its ceiling. */
  surplus(): ListedFile[] {
    if (this.#bytes <= this.ceilingBytes) return [];
    const files = this.list();
    this.#bytes = total(files);
    if (this.#bytes <= this.ceilingBytes) return [];
    const gone: ListedFile[] = [];
    for (const file of files) {
      if (this.#bytes <= this.ceilingBytes * LOW_SHARE) break;
      gone.push(file);
      this.#bytes -= file.allocatedBytes;
    }
    return gone;
  }
}

const total = (files: readonly ListedFile[]): number => files.reduce((sum, file) => sum + file.allocatedBytes, 0);
