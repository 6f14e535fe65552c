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
export const SPACE = 0x20;
export const NEWLINE = 0x0a;
const PIECE_BYTES = 2 ** 20;
const ZEROS = Buffer.alloc(PIECE_BYTES);

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

/** SHA-256 of the end of what lies between two places, as much of it as is looked at. */
export const markOfEnd = (fd: number, { start, end }: Stretch): string => markAt(fd, Math.max(start, end - MARK_BYTES), end);

/** A cut that is about to be made, and what stands at its place before and after. */
export interface PreparedCut {
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
  /** As many bytes of each were looked at. */
  readonly marked: number;
  /** Of the end of what is taken out: `marked` may be a few bytes. Journals of before do not tell. */
  readonly core?: string;
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
  return { ...collapse, before: markAt(fd, collapse.start, collapse.start + marked), after: markAt(fd, collapse.end, collapse.end + marked), marked, core: markOfEnd(fd, collapse) };
}

/** Whether what is to be taken out is what was prepared: whoever empties a file may have filled it again. */
export const isUncut = (fd: number, cut: PreparedCut): boolean => markAt(fd, cut.start, cut.start + cut.marked) === cut.before && isCore(fd, cut);
const isCore = (fd: number, cut: PreparedCut): boolean => cut.core === undefined || markOfEnd(fd, cut) === cut.core;

/** Whether the end of what was to be taken out is gone, and nothing else stands in its place. */
const isCoreTakenOut = (fd: number, { start, end }: PreparedCut): boolean => markOfEnd(fd, { start, end }) === createHash('sha256').update(ZEROS.subarray(0, Math.min(MARK_BYTES, end - start))).digest('hex');

/** Takes the blocks out. Returns null, or the kernel's name of why not: then the stretch is blank and takes as much room as before. */
export function collapseCut(fd: number, { start, end }: PreparedCut): string | null {
  const failed = collapseRange(fd, start, end - start);
  fsyncSync(fd);
  return failed;
}

/** Zeros as long as a cut, from its place on; null where there are none. Lines hold no zeros. */
function holeOf(fd: number, { start, end }: PreparedCut): Stretch | null {
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  let from = start;
  for (let place = start; ; place += PIECE_BYTES) {
    const read = readSync(fd, piece, 0, PIECE_BYTES, place);
    for (let at = 0; at < read; at += MARK_BYTES) {
      const block = piece.subarray(at, Math.min(read, at + MARK_BYTES));
      if (block.equals(ZEROS.subarray(0, block.length))) continue;
      const until = place + at + block.findIndex((byte) => byte !== 0);
      if (until - from >= end - start) return { start: from, end: until };
      from = place + at + block.findLastIndex((byte) => byte !== 0) + 1;
    }
    if (read < PIECE_BYTES) return place + read - from >= end - start ? { start: from, end: place + read } : null;
  }
}

/** Takes out what lies between what moved up and what had not yet; what of it fills no block becomes one empty line. Where all had moved up only the length is wrong. Errors: throws the kernel's name of why not. */
function closeHole(fd: number, hole: Stretch, bytes: number): void {
  const { blanks, collapse } = cutRange(hole, statfsSync(`/proc/self/fd/${fd}`).bsize, Infinity);
  if (hole.end === fstatSync(fd).size) ftruncateSync(fd, hole.end - bytes);
  else if (collapse !== null) {
    blankOut(fd, blanks);
    const failed = collapseRange(fd, collapse.start, Math.min(bytes, collapse.end - collapse.start));
    if (failed !== null) throw new Error(`a cut that a power cut left half made cannot be ended now (${failed})`);
  }
  fsyncSync(fd);
}

/**
 * Whether a cut that was prepared was made, as what stands at its place tells; null where it cannot be told.
 * A file in many pieces is cut in several steps: one that the power was taken from between two of them is brought to its end here. What was taken out is then a hole, before which some of what stood behind it has moved up.
 * Errors: throws where that is so and cannot be mended now.
 */
export function wasCut(fd: number, cut: PreparedCut): boolean | null {
  const [there, isTold] = [markAt(fd, cut.start, cut.start + cut.marked), cut.before !== cut.after];
  if (isTold && there === cut.before && isCore(fd, cut)) return false;
  const hole = holeOf(fd, cut);
  if (hole !== null) closeHole(fd, hole, cut.end - cut.start);
  if (hole !== null || (isTold && there === cut.after)) return true;
  // A part of it was taken out, and nothing has moved: it is taken out once more, as a whole.
  return isTold && (isCore(fd, cut) || isCoreTakenOut(fd, cut)) && markAt(fd, cut.end, cut.end + cut.marked) === cut.after ? false : null;
}
