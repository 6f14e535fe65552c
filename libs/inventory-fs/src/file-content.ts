import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { entryPath, type Directory } from './directory-descriptor.js';

const CHUNK_BYTES = 65_536;
const NEWLINE = 0x0a;
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function eachChunk(folder: Directory, name: BytePath, take: (chunk: Buffer) => void): void {
  const fd = openSync(entryPath(folder, name), FLAGS);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let read = readSync(fd, buffer); read > 0; read = readSync(fd, buffer)) take(buffer.subarray(0, read));
  } finally {
    closeSync(fd);
  }
}

/** SHA-256 of a file's content, read through its folder's descriptor. */
export function contentHash(folder: Directory, name: BytePath): string {
  const hash = createHash('sha256');
  eachChunk(folder, name, (chunk) => hash.update(chunk));
  return hash.digest('hex');
}

/** Lines of a file, read through its folder's descriptor. */
export function lineCount(folder: Directory, name: BytePath): number {
  let lines = 0;
  eachChunk(folder, name, (chunk) => {
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1;
  });
  return lines;
}
