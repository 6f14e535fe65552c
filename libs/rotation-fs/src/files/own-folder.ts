import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, entryNames, type Directory } from '@mailwarden/inventory-fs';
import { EntryFacts, errorName, FolderHand, factsOf, syncDescriptor } from '@mailwarden/linux';
import { err, ok, type Result } from '@mailwarden/kernel';
import { fileSystemOf, type FileSystem } from './file-system.js';
import { enterFolder } from './store-folder.js';

const FOLDER_MODE = 0o700;
const OTHERS = 0o077;

/** A folder of the executor's own, as its journal knows it. A birth that is not told is 0. Units: milliseconds since 1970. */
export interface FolderIdentity {
  readonly dev: number;
  readonly ino: number;
  readonly bornMs: number;
  /** What it lies on, as the kernel names it. */
  readonly fileSystem: string;
}

/** Numbers of devices are given out anew when a machine starts, on some file systems at each mount, so they say nothing here. */
export const isSameFolderOfOurs = (one: FolderIdentity, other: FolderIdentity): boolean => one.ino === other.ino && one.bornMs === other.bornMs && one.fileSystem === other.fileSystem;

export const ownUid = (): number => process.geteuid?.() ?? 0;

/** A folder that nobody else may enter, open. */
export interface OwnFolder {
  readonly directory: Directory;
  readonly identity: FolderIdentity;
  readonly fileSystem: FileSystem;
}

/** Opens an entry of an open folder as a folder of our own. Errors: why it is none, in words. */
export function enterOwnFolder(parent: Directory, name: BytePath): Result<OwnFolder, string> {
  const opened = enterFolder(parent, name);
  if (!opened.ok) return err(`the executor's own folder cannot be opened (${opened.error})`);
  const { uid, mode, fd, mountId } = opened.value;
  if (uid !== ownUid() || (mode & OTHERS) !== 0) {
    closeDirectory(opened.value);
    return err("the executor's own folder is open to others; somebody else made it");
  }
  const facts = new EntryFacts();
  factsOf(fd, facts);
  const fileSystem = fileSystemOf(mountId);
  return ok({ directory: opened.value, identity: { dev: facts.dev, ino: facts.ino, bornMs: facts.birthtimeMs, fileSystem: fileSystem.type }, fileSystem });
}

/**
 * Makes a folder of our own in an open one, or opens the one that has its name; `isKnown` says which of them an earlier run noted in its journal.
 * Safety: whoever may write in the parent can move ours away before it is opened, and lay another folder of root's under its name, closed to others as ours is. What lies in that was never taken in, so one that nobody noted is ours only while it is empty.
 * Errors: why it cannot be had, in words; what is there then stays as it is.
 */
export function openOwnFolder(parent: Directory, name: BytePath, isKnown: (identity: FolderIdentity) => boolean): Result<OwnFolder, string> {
  const made = new FolderHand().makeFolder(parent.fd, name, FOLDER_MODE);
  if (made === 0) syncDescriptor(parent.fd);
  else if (errorName(made) !== 'EEXIST') return err(`the executor cannot make its own folder in the store (${errorName(made)})`);
  const entered = enterOwnFolder(parent, name);
  if (!entered.ok || isKnown(entered.value.identity) || entryNames(entered.value.directory).length === 0) return entered;
  closeDirectory(entered.value.directory);
  return err("a folder with the name of the executor's own holds what no order took in; somebody laid it there: look at whose it is, and move it away");
}
