import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { BytePath } from '@mailwarden/inventory';
import { entryPath, type Directory } from './directory-descriptor.js';

const CHUNK_BYTES = 65_536;
const NEWLINE = 0x0a;
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A large file is read in turns of this length, others come in between. Units: milliseconds. */
const TURN_MS = 40;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Reads what the file held when it was opened: one that grows meanwhile has an end, and a device that took its name is none. */
async function eachChunk(folder: Pick<Directory, 'fd'>, name: BytePath, take: (chunk: Buffer) => void): Promise<void> {
  const fd = openSync(entryPath(folder, name), FLAGS);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('it is not a regular file any more');
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let turnBeganMs = performance.now();
    for (let left = stat.size; left > 0; ) {
      const read = readSync(fd, buffer, 0, Math.min(left, CHUNK_BYTES), null);
      if (read === 0) return;
      take(buffer.subarray(0, read));
      left -= read;
      if (performance.now() - turnBeganMs < TURN_MS) continue;
      await turn();
      turnBeganMs = performance.now();
    }
  } finally {
    closeSync(fd);
  }
}

/** SHA-256 of a file's content, read through its folder's descriptor. */
export async function contentHash(folder: Pick<Directory, 'fd'>, name: BytePath): Promise<string> {
  const hash = createHash('sha256');
  await eachChunk(folder, name, (chunk) => hash.update(chunk));
  return hash.digest('hex');
}

/** Lines of a file, read through its folder's descriptor. */
export async function lineCount(folder: Pick<Directory, 'fd'>, name: BytePath): Promise<number> {
  let lines = 0;
  await eachChunk(folder, name, (chunk) => {
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1;
  });
  return lines;
}
