import { open } from 'node:fs/promises';
import { constants } from 'node:fs';

const GROUP_OR_OTHERS_WRITE = 0o022;

/**
 * Reads a file that the process acts on as root: only its owner may have written it, and the owner is root or the running account.
 * Errors: throws with the file and the command that mends it. Returns null when there is none.
 */
export async function readGuarded(path: string, bytesMax: number): Promise<string | null> {
  let handle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if ((cause as NodeJS.ErrnoException).code === 'ELOOP') throw new Error(`${path} is a link; put the file itself there`, { cause });
    throw cause;
  }
  try {
    const { uid, mode, size } = await handle.stat();
    const own = process.geteuid?.() ?? 0;
    if (uid !== 0 && uid !== own) throw new Error(`${path} belongs to another account; run: chown root ${path}`);
    if ((mode & GROUP_OR_OTHERS_WRITE) !== 0) throw new Error(`${path} can be written by others than its owner; run: chmod go-w ${path}`);
    if (size > bytesMax) throw new Error(`${path} has ${size} bytes; the limit is ${bytesMax}`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
