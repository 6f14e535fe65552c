import { constants, type Stats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

const GROUP_OR_OTHERS_WRITE = 0o022;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;
/** A FIFO that took the name would let us wait for ever without `O_NONBLOCK`. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function opened(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, FLAGS);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') throw new Error(`${path} is a link; put the file itself there`, { cause });
    throw new Error(`${path} cannot be read (${code ?? 'unknown'})`, { cause });
  }
}

/** Errors: throws what is wrong with the file and the command that mends it. */
function checkOwner(path: string, { uid, mode }: Stats): void {
  const own = process.geteuid?.() ?? 0;
  if (uid !== 0 && uid !== own) throw new Error(`${path} belongs to another account; run: chown root ${path}`);
  if ((mode & GROUP_OR_OTHERS_WRITE) !== 0) throw new Error(`${path} can be written by others than its owner; run: chmod go-w ${path}`);
}

/** Who may write in the folder can put another file of the owner's in its place. */
async function checkFolder(path: string): Promise<void> {
  const folder = dirname(path);
  const { mode } = await stat(folder);
  if ((mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0) throw new Error(`the folder of ${path} can be written by everyone; run: chmod o-w ${folder}`);
}

/**
 * Bytes of a file that the process acts on as root: only its owner may have written it, and the owner is root or the running account. What was looked at is what is read.
 * Errors: throws with the file and the command that mends it. Returns null when there is none.
 */
export async function readGuardedFile(path: string, bytesMax: number): Promise<Buffer | null> {
  const handle = await opened(path);
  if (handle === null) return null;
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new Error(`${path} is not a regular file; put the file itself there`);
    checkOwner(path, found);
    await checkFolder(path);
    if (found.size > bytesMax) throw new Error(`${path} has ${found.size} bytes; the limit is ${bytesMax}`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** The same as text. Errors: as `readGuardedFile`. */
export const readGuarded = async (path: string, bytesMax: number): Promise<string | null> => (await readGuardedFile(path, bytesMax))?.toString('utf8') ?? null;
