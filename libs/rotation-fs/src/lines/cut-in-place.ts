import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, statfsSync, writeSync } from 'node:fs';
import type { Directory } from '@mailwarden/inventory-fs';
import { collapseRange } from '@mailwarden/linux';
import { cutRange, type CutRange, type Stretch } from '@mailwarden/rotation';

/** A file without a name, gone when it is closed. Source: open(2), O_TMPFILE; Node has no name for it. */
const NAMELESS = 0o20_000_000 | constants.O_DIRECTORY;
/** What a place in a file is known by again. Units: bytes. */
const MARK_BYTES = 4096;
/** Blanks are written in pieces. Units: bytes. */
const SPACE = 0x20;
const NEWLINE = 0x0a;

/**
 * In what units a file system takes blocks out of files, tried on a nameless file in the same folder; null where it cannot. Units: bytes.
 */
export function collapsibleBlock({ fd: folder }: Pick<Directory, 'fd'>): number | null {
  let fd: number;
  try {
    fd = openSync(`/proc/self/fd/${folder}`, constants.O_RDWR | NAMELESS, 0o600);
  } catch {
    return null;
  }
  try {
    const { bsize } = statfsSync(`/proc/self/fd/${folder}`);
    ftruncateSync(fd, bsize * 2);
    return collapseRange(fd, 0, bsize) === null ? bsize : null;
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

/** SHA-256 of what a file holds from a place on, up to `until`. */
export function markAt(fd: number, place: number, until = Infinity): string {
  const buffer = Buffer.alloc(Math.max(0, Math.min(MARK_BYTES, until - place)));
  const length = buffer.length === 0 ? 0 : readSync(fd, buffer, 0, buffer.length, place);
  return createHash('sha256').update(buffer.subarray(0, length)).digest('hex');
}

/** A cut that is about to be made, and what stands at its place before and after. */
export interface PreparedCut {
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
  /** As many bytes of each were looked at. */
  readonly marked: number;
}

/** Spaces; the last byte of all blanks of a stretch ends the line, so that they are one empty line. */
function blankOut(fd: number, blanks: CutRange['blanks']): void {
  for (const [index, { start, end }] of blanks.entries()) {
    const bytes = Buffer.alloc(end - start, SPACE);
    if (index === blanks.length - 1) bytes[bytes.length - 1] = NEWLINE;
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, start + at);
  }
}

/**
 * Writes over what of a stretch lies in blocks that hold other lines too, and tells what is to be collapsed; null where no block is its own.
 * Safety: nothing outside of the stretch is touched, and doing it again changes nothing. Of a line of which only the end is left nobody could read a moment or a name.
 */
export function prepareCut(fd: number, stretch: Stretch, blockBytes: number): PreparedCut | null {
  const { size } = fstatSync(fd);
  const { blanks, collapse } = cutRange(stretch, blockBytes, size);
  blankOut(fd, blanks);
  fsyncSync(fd);
  if (collapse === null) return null;
  const marked = Math.min(MARK_BYTES, collapse.end - collapse.start, size - collapse.end);
  return { ...collapse, before: markAt(fd, collapse.start, collapse.start + marked), after: markAt(fd, collapse.end, collapse.end + marked), marked };
}

/** Takes the blocks out. Returns null, or the kernel's name of why not: then the stretch is blank and takes as much room as before. */
export function collapseCut(fd: number, { start, end }: PreparedCut): string | null {
  const failed = collapseRange(fd, start, end - start);
  fsyncSync(fd);
  return failed;
}

/** Whether a cut that was prepared was made, as what stands at its place tells; null where it cannot be told. */
export function isCollapsed(fd: number, cut: PreparedCut): boolean | null {
  const there = markAt(fd, cut.start, cut.start + cut.marked);
  if (cut.before === cut.after) return null;
  return there === cut.after ? true : there === cut.before ? false : null;
}
