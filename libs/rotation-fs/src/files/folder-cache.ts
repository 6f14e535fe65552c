import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, type Directory } from '@mailwarden/inventory-fs';
import { err, ok, type Result } from '@mailwarden/kernel';
import { enterFolder } from './store-folder.js';

/** Walks down from a store's own folder, each component through the one before it. Safety: no link is followed and no mount crossed. Errors: the kernel's name of why the way ends. */
function openBelow(root: Directory, path: BytePath): Result<Directory, string> {
  let current = root;
  for (const part of path.split('/').filter((component) => component !== '')) {
    const child = enterFolder(current, part);
    if (current !== root) closeDirectory(current);
    if (!child.ok) return err(child.error);
    current = child.value;
  }
  return ok(current);
}

/** Keeps the folder that was used last open: a batch that is sorted by folder opens each once. */
export class FolderCache {
  #path: BytePath | null = null;
  #root: Directory | null = null;
  #opened: Result<Directory, string> | null = null;

  /** Errors: the kernel's name of why the folder cannot be had; `ENOENT`, `ENOTDIR` or `ELOOP` when it is gone or was swapped for something else. */
  open(root: Directory, path: BytePath): Result<Directory, string> {
    if (this.#opened !== null && this.#path === path && this.#root === root) return this.#opened;
    this.close();
    this.#opened = openBelow(root, path);
    [this.#root, this.#path] = [root, path];
    return this.#opened;
  }

  close(): void {
    const opened = this.#opened;
    [this.#opened, this.#path] = [null, null];
    if (opened?.ok === true && opened.value !== this.#root) closeDirectory(opened.value);
  }
}
