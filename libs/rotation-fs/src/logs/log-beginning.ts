import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { gunzipSync, constants as zlib, zstdDecompressSync } from 'node:zlib';
import type { Store } from '@mailwarden/catalogue';
import type { BytePath } from '@mailwarden/inventory';
import { entryPath, type Directory } from '@mailwarden/inventory-fs';
import { LINE_HEAD_MAX, momentOfRecord } from '@mailwarden/rotation-rules';
import { localMoment } from '../lines/local-moment.js';
import { packingOf, type Packing } from '../lines/read-lines.js';

/** Room for what a cut left blank at the head, with the first line behind it. Units: bytes. */
const HEAD_BYTES = 128 * 1024;
/** Of a packed log; it unpacks to at most so much, or is not understood. Units: bytes. */
const PACKED_HEAD_BYTES = 64 * 1024;
const UNPACKED_BYTES_MAX = 8 * 2 ** 20;
/** Reading leaves no trace in the file's own times. Source: open(2). */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOATIME;

const buffer = Buffer.alloc(HEAD_BYTES);

const UNPACKED: Readonly<Record<Packing, (head: Buffer) => Buffer | null>> = {
  plain: (head) => head,
  '.gz': (head) => gunzipSync(head, { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: UNPACKED_BYTES_MAX }),
  '.zst': (head) => zstdDecompressSync(head, { finishFlush: zlib.ZSTD_e_flush, maxOutputLength: UNPACKED_BYTES_MAX }),
  unreadable: () => null,
};

function headOf(fd: number, packing: Packing): string {
  const bytes = buffer.subarray(0, readSync(fd, buffer, 0, packing === 'plain' ? HEAD_BYTES : PACKED_HEAD_BYTES, 0));
  try {
    return UNPACKED[packing](bytes)?.toString('latin1', 0, HEAD_BYTES).trimStart().slice(0, LINE_HEAD_MAX) ?? '';
  } catch {
    return ''; // Damaged: it says nothing.
  }
}

/** The moment that the first line of an open log tells of; null where it tells of none. A line without a moment belongs to one before it, so none behind it is asked. Units: milliseconds since 1970. */
export const firstMoment = (fd: number, name: BytePath, { mtimeMs }: Pick<Stats, 'mtimeMs'>): number | null => momentOfRecord(headOf(fd, packingOf(name)), mtimeMs, localMoment);

/** A log that is copied or packed is younger than its lines. */
const tellsByBirth = ({ rotateActive }: Pick<Store, 'rotateActive'>, name: BytePath, { birthtimeMs, mtimeMs }: Stats): boolean => rotateActive !== null && rotateActive.by !== 'copy-truncate' && packingOf(name) === 'plain' && birthtimeMs > 0 && birthtimeMs <= mtimeMs;

/**
 * When the oldest line of a generation was written: as its first line tells, else when its inode was made, where generations of its store are the files that were written to.
 * -Infinity where nobody can tell, or it is not the file that was seen. Units: milliseconds since 1970.
 */
export function generationSince(folder: Pick<Directory, 'fd'>, name: BytePath, seen: { readonly dev: number; readonly ino: number }, { store, named = name }: { readonly store: Pick<Store, 'rotateActive'>; readonly named?: BytePath }): number {
  let fd: number | null = null;
  try {
    fd = openSync(entryPath(folder, name), FLAGS);
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.dev !== seen.dev || stat.ino !== seen.ino) return -Infinity;
    return firstMoment(fd, named, stat) ?? (tellsByBirth(store, named, stat) ? stat.birthtimeMs : -Infinity);
  } catch {
    return -Infinity;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}
