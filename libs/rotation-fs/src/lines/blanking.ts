import { createHash } from 'node:crypto';
import { fstatSync, readSync } from 'node:fs';
import { cutRange, type Stretch } from '@mailwarden/rotation';
import { markOfEnd, NEWLINE, SPACE } from './cut-in-place.js';

type Marked = Stretch & { readonly mark: string };

/** What a stretch is known by again whose lines are about to be written over: the end of its own blocks, which are not; where it has none, each piece as it was. */
export interface Blanking {
  readonly core: Marked | null;
  readonly blanks: readonly Marked[];
}

/** Shorter than two blocks. */
function bytesOf(fd: number, { start, end }: Stretch): Buffer {
  const bytes = Buffer.alloc(end - start);
  return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start));
}

const markOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

export function blankingOf(fd: number, stretch: Stretch, blockBytes: number): Blanking {
  const { blanks, collapse } = cutRange(stretch, blockBytes, fstatSync(fd).size);
  if (collapse !== null) return { core: { ...collapse, mark: markOfEnd(fd, collapse) }, blanks: [] };
  return { core: null, blanks: blanks.map((piece) => ({ ...piece, mark: markOf(bytesOf(fd, piece)) })) };
}

/** Whether a stretch stands where an earlier run announced to write over it, however far that came. */
export function isBlanking(fd: number, { end }: Stretch, { core, blanks }: Blanking): boolean {
  if (fstatSync(fd).size < end) return false;
  if (core !== null) return markOfEnd(fd, core) === core.mark;
  return blanks.map((piece) => ({ mark: piece.mark, now: bytesOf(fd, piece) })).every(({ mark, now }) => markOf(now) === mark || now.every((byte) => byte === SPACE || byte === NEWLINE));
}
