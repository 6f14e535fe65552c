import { open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';

const FILE_MODE = 0o600;

/** A rename or a removal lasts only when its folder is synced: the entry lives in the folder, not in the file. */
export async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAndSync(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'w', FILE_MODE);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a whole file or nothing: beside, synced, renamed, folder synced. A crash leaves the old file, or a `.part` that nobody reads; an error leaves none, so that a full disk is not made fuller. */
export async function writeDurably(dir: string, name: string, bytes: Uint8Array): Promise<void> {
  const part = join(dir, `${name}.part`);
  try {
    await writeAndSync(part, bytes);
    await rename(part, join(dir, name));
  } catch (cause) {
    await unlink(part).catch(() => undefined);
    throw cause;
  }
  await syncFolder(dir);
}
