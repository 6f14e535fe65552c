import type { BytePath, PatternSet } from '@mailwarden/inventory';
import { mountIdOf, type Directory } from '@mailwarden/inventory-fs';
import { closeDescriptor, EntryFacts, factsOf, openFolderAt } from '@mailwarden/linux';
import { err, ok, type Result } from '@mailwarden/kernel';

const facts = new EntryFacts();
/** Said where a folder lies behind a mount that the store does not begin with. */
export const ANOTHER_MOUNT = 'EXDEV';

export const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException).code ?? 'EIO';

/**
 * Opens one entry of an open folder as a folder. Safety: a link is refused and so is another mount, a bind mount among them.
 * Errors: the kernel's name of the error.
 */
export function enterFolder(parent: Directory, name: BytePath): Result<Directory, string> {
  let fd: number;
  try {
    fd = openFolderAt(parent.fd, name);
  } catch (cause) {
    return err(codeOf(cause));
  }
  try {
    factsOf(fd, facts);
    const mountId = facts.mountId ?? mountIdOf(fd);
    if (mountId === parent.mountId) return ok({ fd, mountId, uid: facts.uid, gid: facts.gid, mode: facts.mode, size: facts.size });
    closeDescriptor(fd);
    return err(ANOTHER_MOUNT);
  } catch (cause) {
    closeDescriptor(fd);
    return err(codeOf(cause));
  }
}

/** What the globs of a store and of an order mean for the files that lie in one folder itself, so that few paths have to be compared one by one. */
export interface FolderScope {
  /** All that lies in the folder is the store's. */
  readonly isOwn: boolean;
  readonly mayBeLeftOut: boolean;
}

export const scopeOf = (path: BytePath, own: PatternSet, leftOut: PatternSet): FolderScope => ({ isOwn: own.ownsFolder(path), mayBeLeftOut: leftOut.mayHold(path) });
