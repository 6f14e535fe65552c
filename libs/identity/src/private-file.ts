import { constants } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const OWNER_ONLY = 0o600;
const FOLDER_OWNER_ONLY = 0o700;
const GROUP_OR_OTHERS = 0o077;

/** Writes a secret whole or not at all, readable by its owner alone. What has the name of the part that is written is taken away: it is written neither through a link nor into a file that others opened. */
export async function writePrivate(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_OWNER_ONLY });
  const part = `${path}.part`;
  await rm(part, { force: true });
  const handle = await open(part, 'wx', OWNER_ONLY);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(part, path);
}

/** What was looked at is what is read. Errors: throws when others than the owner may read the file; a key that others know proves nothing. */
export async function readPrivate(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile() && !found.isDirectory()) throw new Error(`${path} is not a regular file; put the file itself there`); // Reading a folder says by itself that it is one.
    if ((found.mode & GROUP_OR_OTHERS) !== 0) throw new Error(`${path} is open to others than its owner; run: chmod 600 ${path}`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** The file's content, made once when it is missing. */
export async function keepOnce(path: string, make: () => string | Promise<string>): Promise<string> {
  try {
    return await readPrivate(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  }
  const made = await make();
  await writePrivate(path, made);
  return made;
}
