import { fstatSync, fsyncSync, mkdirSync, rmdirSync } from 'node:fs';
import { closeDirectory, entryNames, entryPath, openChildDirectory, PRIVATE_FOLDER_PREFIX, statEntry, type Directory } from '@mailwarden/inventory-fs';
import type { Journal } from '../journal/journal.js';
import { isSameFile } from '../logs/store-file.js';

const FOLDER_MODE = 0o700;
const OTHERS = 0o077;

/** Whether nothing lies in a folder but what the order chose, each under its number. */
function holdsOnlyChosen(opened: Directory, journal: Journal): boolean {
  const files = journal.records.find((record) => record.kind === 'lines-chosen')?.files ?? [];
  return entryNames(opened).every((name) => {
    const chosen = files[Number(name)];
    return chosen !== undefined && isSameFile(statEntry(opened, name), chosen);
  });
}

/** Whether an open folder is one that the order made; one that holds nothing else than what it chose may become it. Whoever may rename beside it could have put another folder of the same owner in its place. */
function isOurs(opened: Directory, journal: Journal): boolean {
  if (opened.uid !== (process.geteuid?.() ?? 0) || (opened.mode & OTHERS) !== 0) return false;
  const { ino, birthtimeMs: bornMs } = fstatSync(opened.fd);
  if (journal.records.some((record) => record.kind === 'lines-workshop' && record.ino === ino && record.bornMs === bornMs)) return true;
  if (!holdsOnlyChosen(opened, journal)) return false;
  journal.write({ kind: 'lines-workshop', ino, bornMs });
  return true;
}

/** The executor's own folder beside a file, which nobody else may enter; null where what lies there is not known to be it. Safety: it is on disk which one it is before anything is put into it or taken out of it. */
export function openWorkshop(directory: Directory, order: string, journal: Journal): Directory | null {
  try {
    mkdirSync(entryPath(directory, PRIVATE_FOLDER_PREFIX + order), FOLDER_MODE);
    fsyncSync(directory.fd);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  }
  return findWorkshop(directory, order, journal);
}

/** As `openWorkshop`, and null where there is none. */
export function findWorkshop(directory: Directory, order: string, journal: Journal): Directory | null {
  const opened = openChildDirectory(directory, PRIVATE_FOLDER_PREFIX + order);
  if (!opened.ok) return null;
  try {
    if (isOurs(opened.value, journal)) return opened.value;
  } catch (cause) {
    closeDirectory(opened.value);
    throw cause;
  }
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
