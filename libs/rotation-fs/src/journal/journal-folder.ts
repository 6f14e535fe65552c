import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync, readdirSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { servedByOthers } from '@mailwarden/inventory-fs';
import { lockOrder } from './journal-lock.js';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS_WRITE = 0o022;
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a name is that of an order or a repair: nothing else becomes the name of a file. */
export const isJournalId = (id: string): boolean => ID.test(id);

/** New folders outlive a power cut only when the folders that name them were synced. */
function syncUpTo(dir: string, firstMade: string): void {
  const above = dirname(dir);
  const fd = openSync(above, constants.O_RDONLY | constants.O_DIRECTORY);
  fsyncSync(fd);
  closeSync(fd);
  if (dir !== firstMade && above !== dir) syncUpTo(above, firstMade);
}

/** Errors: throws when others than this account could have written what was opened. */
function checkOwner(fd: number, path: string): Stats {
  if (servedByOthers(fd)) throw new Error(`${path} lies in a file system that a program of another account serves; nothing is done on its word`);
  const found = fstatSync(fd);
  if (found.uid !== (process.geteuid?.() ?? 0) || (found.mode & OTHERS_WRITE) !== 0) throw new Error(`${path} is of the journals that are acted on, and must belong to this program's account alone; look at who made it, and run: chown root ${path} && chmod go-w ${path}`);
  return found;
}

/** Opens a journal by any way to it. Errors: throws when it is none, or others could have written it. */
export function openJournalFile(place: string, path: string, flags: number): number {
  const fd = openSync(place, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, FILE_MODE);
  try {
    if (!checkOwner(fd, path).isFile()) throw new Error(`${path} is not a regular file; move it away`);
    return fd;
  } catch (cause) {
    closeSync(fd);
    throw cause;
  }
}

/**
 * The folder that journals are kept in, open while they are used. Whatever has its name meanwhile, they lie in the folder that was looked at.
 * Safety: it, and each journal in it, belongs to this program's account, and nobody else can write it: what stands in them is done as root.
 */
export class JournalFolder {
  private constructor(
    readonly dir: string,
    private readonly fd: number,
  ) {}

  /** Makes it where it is missing. `flags` are those of open(2) beside the usual ones. Errors: throws when others could have written it, or it cannot be made. */
  static made(dir: string, flags = 0): JournalFolder {
    const firstMade = mkdirSync(dir, { recursive: true, mode: FOLDER_MODE });
    if (firstMade !== undefined) syncUpTo(dir, firstMade);
    return JournalFolder.#open(dir, flags);
  }

  /** Null where there is none. Errors: as `made`. */
  static found(dir: string, flags = 0): JournalFolder | null {
    try {
      return JournalFolder.#open(dir, flags);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw cause;
    }
  }

  static #open(dir: string, flags: number): JournalFolder {
    const fd = openSync(dir, flags | constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      checkOwner(fd, dir);
      return new JournalFolder(dir, fd);
    } catch (cause) {
      closeSync(fd);
      throw cause;
    }
  }

  /** Ids of the journals with this ending; what is named otherwise is none of ours. */
  idsOf(suffix: string): string[] {
    return readdirSync(this.at('')).flatMap((name) => (name.endsWith(suffix) && isJournalId(name.slice(0, -suffix.length)) ? [name.slice(0, -suffix.length)] : []));
  }

  /** The way to an entry through the folder itself. */
  at(name: string): string {
    return `/proc/self/fd/${this.fd}/${name}`;
  }

  /** What people call an entry. */
  pathOf(name: string): string {
    return join(this.dir, name);
  }

  /** Errors: throws what the kernel says, and when others could have written it. */
  open(name: string, flags: number): number {
    return openJournalFile(this.at(name), this.pathOf(name), flags);
  }

  /** Takes what has this id for this process alone. Returns how to give it back, and closes the folder then. Errors: throws while another process has it. */
  take(id: string): () => void {
    const unlock = lockOrder(this.at(`${id}.lock`));
    return () => {
      try {
        unlock();
      } finally {
        this.close();
      }
    };
  }

  sync(): void {
    fsyncSync(this.fd);
  }

  close(): void {
    closeSync(this.fd);
  }
}
