import { fsyncSync } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, openChildDirectory, type Directory } from '@mailwarden/inventory-fs';

/** Walks down from a store's own folder, each component through the one before it. Safety: no link is followed and no mount crossed. Null when the way is not there any more. */
function openBelow(root: Directory, path: BytePath): Directory | null {
  let current = root;
  for (const part of path.split('/').filter((component) => component !== '')) {
    const child = openChildDirectory(current, part);
    if (current !== root) closeDirectory(current);
    if (!child.ok) return null;
    current = child.value;
  }
  return current;
}

/** Keeps the folder that was used last open: a batch that is sorted by folder opens each once. */
export class FolderCache {
  #path: BytePath | null = null;
  #root: Directory | null = null;
  #directory: Directory | null = null;
  #changed = false;

  /** Null when the folder is gone or was swapped for something else. */
  open(root: Directory, path: BytePath): Directory | null {
    if (this.#path === path && this.#root === root) return this.#directory;
    this.close();
    this.#directory = openBelow(root, path);
    [this.#root, this.#path] = [root, path];
    return this.#directory;
  }

  /** A name came into or left the open folder: that is made to outlive a power cut before the next folder is opened. */
  touch(): void {
    this.#changed = true;
  }

  close(): void {
    const directory = this.#directory;
    [this.#directory, this.#path] = [null, null];
    if (directory === null) return;
    try {
      if (this.#changed) fsyncSync(directory.fd);
    } finally {
      this.#changed = false;
      if (directory !== this.#root) closeDirectory(directory);
    }
  }
}
