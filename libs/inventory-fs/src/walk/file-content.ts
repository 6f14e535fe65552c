import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { entryPath } from '../directory-descriptor.js';

const CHUNK_BYTES = 65_536;
/** No log of records and no settings are larger; a sparse file may say so, and would be read for hours. Units: bytes. */
const CONTENT_BYTES_MAX = 4 * 2 ** 30;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Reads what the file held when it was opened: one that grows meanwhile has an end, and a device that took its name is none. Stops after each chunk, so that others come in between. */
function* eachChunk(folder: number, name: BytePath, take: (chunk: Buffer) => void): Generator<void, void, void> {
  const fd = openSync(entryPath({ fd: folder }, name), FLAGS);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('it is not a regular file any more');
    if (stat.size > CONTENT_BYTES_MAX) throw new Error('it is larger than anything that is read whole');
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let left = stat.size; left > 0; ) {
      const read = readSync(fd, buffer, 0, Math.min(left, CHUNK_BYTES), null);
      if (read === 0) return;
      take(buffer.subarray(0, read));
      left -= read;
      yield;
    }
  } finally {
    closeSync(fd);
  }
}

/** SHA-256 of a file's content, read through the descriptor of its folder. Errors: throws where it cannot be read. */
export function* contentHash(folder: number, name: BytePath): Generator<void, string, void> {
  const hash = createHash('sha256');
  yield* eachChunk(folder, name, (chunk) => hash.update(chunk));
  return hash.digest('hex');
}

/** What a trim in place leaves of lines that share a block with others: spaces alone, at the beginning. It is no record. */
const isBlankHead = (chunk: Buffer): boolean => chunk.includes(NEWLINE) && chunk.subarray(0, chunk.indexOf(NEWLINE)).every((byte) => byte === SPACE);

/** Lines of a file, read through the descriptor of its folder. Errors: throws where it cannot be read. */
export function* lineCount(folder: number, name: BytePath): Generator<void, number, void> {
  let lines = 0;
  let isFirst = true;
  yield* eachChunk(folder, name, (chunk) => {
    if (isFirst && isBlankHead(chunk)) lines -= 1;
    isFirst = false;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1;
  });
  return lines;
}
