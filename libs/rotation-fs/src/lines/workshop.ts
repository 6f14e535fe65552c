import { fsyncSync, mkdirSync, rmdirSync } from 'node:fs';
import { closeDirectory, entryPath, openChildDirectory, PRIVATE_FOLDER_PREFIX, type Directory } from '@mailwarden/inventory-fs';

const FOLDER_MODE = 0o700;
const OTHERS = 0o077;

/** The executor's own folder beside a file, which nobody else may enter; null where somebody else made it. */
export function openWorkshop(directory: Directory, order: string): Directory | null {
  const name = PRIVATE_FOLDER_PREFIX + order;
  try {
    mkdirSync(entryPath(directory, name), FOLDER_MODE);
    fsyncSync(directory.fd);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  }
  const opened = openChildDirectory(directory, name);
  if (!opened.ok) return null;
  if (opened.value.uid === (process.geteuid?.() ?? 0) && (opened.value.mode & OTHERS) === 0) return opened.value;
  closeDirectory(opened.value);
  return null;
}

/** Closes the folder, and removes it where it is empty. */
export function closeWorkshop(directory: Directory, workshop: Directory, order: string): void {
  closeDirectory(workshop);
  try {
    rmdirSync(entryPath(directory, PRIVATE_FOLDER_PREFIX + order));
  } catch {
    return; // Something is left in it for the next run, or somebody moved it.
  }
}
