import { closeSync, constants, fdatasyncSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Medium } from '@mailwarden/rotation';
import { dataSpans } from '@mailwarden/linux';

/** Written at once. Units: bytes. */
const CHUNK_BYTES = 1 << 20;
const ZEROS = Buffer.alloc(CHUNK_BYTES);
const MINOR_BITS = 0xff;

/** Major and minor number of a device, as the kernel's folders are named. Source: makedev(3). */
function deviceName(dev: number): string {
  const wide = BigInt(dev);
  const major = ((wide >> 8n) & 0xfffn) | ((wide >> 32n) & 0xfffff000n);
  const minor = (wide & BigInt(MINOR_BITS)) | ((wide >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

/** What a device is, by the kernel's own word for it or for the disk that it is a part of. `dev` is that of stat(2). */
export function mediumOf(fileSystem: string, dev: number): Medium {
  for (const place of ['', '/..']) {
    try {
      return { fileSystem, rotational: readFileSync(`/sys/dev/block/${deviceName(dev)}${place}/queue/rotational`, 'latin1').trim() === '1' };
    } catch {
      continue; // A partition has no queue of its own; other devices have none at all.
    }
  }
  return { fileSystem, rotational: null };
}

/** Thrown where what a file holds has another name as well: whoever gave it one keeps it, and nothing is written over under a name that was never planned. */
export class HasSecondName extends Error {
  constructor() {
    super('the file to be written over is not the one that was taken in: it has a second name');
    this.name = 'HasSecondName';
  }
}

/**
 * Writes zeros over everything that a file holds, once, and waits until they are on the disk. Holes stay holes.
 * `path` leads through the descriptor of a folder that nobody else can enter. Source: NIST SP 800-88 Rev. 1, "clear".
 * Safety: a link is refused, and so is another file than the one that was taken in, or one with a second name. Errors: throws `HasSecondName`, and what the kernel says; then the file is as it was or partly zeros, and is still ours to delete.
 */
export function overwriteFile(path: Buffer, identity: { readonly dev: number; readonly ino: number }): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { dev, ino, size, nlink } = fstatSync(fd);
    if (dev !== identity.dev || ino !== identity.ino) throw new Error('the file to be written over is not the one that was taken in');
    if (nlink !== 1) throw new HasSecondName();
    for (const { from, to } of dataSpans(fd, size)) {
      for (let at = from; at < to; ) at += writeSync(fd, ZEROS, 0, Math.min(CHUNK_BYTES, to - at), at);
    }
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
