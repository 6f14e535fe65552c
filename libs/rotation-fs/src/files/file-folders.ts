import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, openDirectoryBeneath, type Directory, type Host } from '@mailwarden/inventory-fs';
import { FolderCache } from './folder-cache.js';
import type { FolderName } from './item-window.js';

/** Folders of single files that are asked for one after the other, in any of a store's roots. */
export class FileFolders {
  readonly #cache = new FolderCache();
  readonly #roots = new Map<BytePath, Directory>();

  constructor(private readonly host: Pick<Host, 'root'>) {}

  /** Open until the next one is asked for; null where it cannot be had. */
  of({ root, folder }: FolderName): Directory | null {
    const top = this.#rootOf(root);
    const opened = top === null ? null : this.#cache.open(top, folder);
    return opened?.ok === true ? opened.value : null;
  }

  #rootOf(path: BytePath): Directory | null {
    const known = this.#roots.get(path);
    if (known !== undefined) return known;
    const opened = openDirectoryBeneath(this.host.root, path);
    if (!opened.ok) return null;
    this.#roots.set(path, opened.value.directory);
    return opened.value.directory;
  }

  close(): void {
    this.#cache.close();
    for (const directory of this.#roots.values()) closeDirectory(directory);
  }
}
