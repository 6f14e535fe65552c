import { open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isDiskFull } from './disk-room.js';

const FILE_MODE = 0o600;
/** What a file has taken of its disk is told in pieces of this size. */
const STAT_BLOCK_BYTES = 512;

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

/**
 * The same, but on a full disk written over the old file, which needs no room: a rotation that would make some must not wait for it. Cut short by a crash it is garbled then.
 * Errors: those of the disk; a file that has taken less room than what is to be written stays as it is.
 */
export async function writeDurablyOrOver(dir: string, name: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeDurably(dir, name, bytes);
  } catch (cause) {
    if (!isDiskFull(cause)) throw cause;
    await writeOver(join(dir, name), bytes).catch(() => {
      throw cause;
    });
  }
}

async function writeOver(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    const { size, blocks } = await handle.stat();
    if (Math.max(size, blocks * STAT_BLOCK_BYTES) < bytes.length) throw new Error(`${path} has no room for ${bytes.length} bytes`);
    await handle.write(bytes, 0, bytes.length, 0);
    await handle.truncate(bytes.length);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
