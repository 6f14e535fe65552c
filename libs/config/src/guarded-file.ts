import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { servedByOthers } from './served-by-others.js';

const ROOT = 0;
const GROUP_OR_OTHERS = 0o077;
const GROUP_OR_OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
/** A FIFO that took the name would let us wait for ever without `O_NONBLOCK`. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A folder as a mere place: who may search it, and not list it, may open it too. Source: open(2), O_PATH; Node has no name for it. */
const PLACE = 0o10_000_000 | constants.O_DIRECTORY;

/** Who may read what is read; `owner` for a secret, which others know as well where they may read it. */
export type Readers = 'anyone' | 'owner';

async function opened(place: string, flags: number, path: string): Promise<FileHandle | null> {
  try {
    return await open(place, flags);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') throw new Error(`${path} is a link; put the file itself there`, { cause });
    throw new Error(`${path} cannot be read (${code ?? 'unknown'})`, { cause });
  }
}

const isOthers = ({ uid }: Stats): boolean => uid !== ROOT && uid !== (process.geteuid?.() ?? ROOT);

/** Errors: throws what is wrong with the file and the command that mends it. */
function checkFile(path: string, found: Stats, readers: Readers): void {
  if (!found.isFile()) throw new Error(`${path} is not a regular file; put the file itself there`);
  if (isOthers(found)) throw new Error(`${path} belongs to another account; run: chown root ${path}`);
  if ((found.mode & GROUP_OR_OTHERS_WRITE) !== 0) throw new Error(`${path} can be written by others than its owner; run: chmod go-w ${path}`);
  if (readers === 'owner' && (found.mode & GROUP_OR_OTHERS) !== 0) throw new Error(`${path} is open to others than its owner; run: chmod 600 ${path}`);
}

/** Whose the folder is, or who may write in it, can put another file of the owner's in its place. */
function checkFolder(path: string, found: Stats): void {
  const folder = dirname(path);
  if (isOthers(found)) throw new Error(`the folder of ${path} belongs to another account; run: chown root ${folder}`);
  if ((found.mode & GROUP_OR_OTHERS_WRITE) !== 0 && (found.mode & STICKY) === 0) throw new Error(`the folder of ${path} can be written by others than its owner; run: chmod go-w ${folder}`);
}

function checkServer(path: string, { fd }: FileHandle): void {
  if (servedByOthers(fd)) throw new Error(`${path} lies in a file system that a program of another account serves; put the file where root mounted one`);
}

async function checkedBytes(handle: FileHandle, path: string, bytesMax: number, readers: Readers): Promise<Buffer> {
  checkServer(path, handle);
  const found = await handle.stat();
  checkFile(path, found, readers);
  if (found.size > bytesMax) throw new Error(`${path} has ${found.size} bytes; the limit is ${bytesMax}`);
  return handle.readFile();
}

/**
 * Bytes of a file that the process acts on as root: only its owner may have written it, and the owner is root or the running account. The file and the folder that were looked at are what is read, whatever has their names meanwhile.
 * Errors: throws with the file and the command that mends it. Returns null when there is none.
 */
export async function readGuardedFile(path: string, bytesMax: number, readers: Readers = 'anyone'): Promise<Buffer | null> {
  const folder = await opened(dirname(path), PLACE, path);
  if (folder === null) return null;
  try {
    const handle = await opened(`/proc/self/fd/${folder.fd}/${basename(path)}`, FLAGS, path);
    if (handle === null) return null;
    try {
      const bytes = await checkedBytes(handle, path, bytesMax, readers);
      checkServer(path, folder);
      checkFolder(path, await folder.stat());
      return bytes;
    } finally {
      await handle.close();
    }
  } finally {
    await folder.close();
  }
}

/** The same as text. Errors: as `readGuardedFile`. */
export const readGuarded = async (path: string, bytesMax: number): Promise<string | null> => (await readGuardedFile(path, bytesMax))?.toString('utf8') ?? null;
