/** A stretch of a file, from its first byte to the one behind its last. Units: bytes. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/**
 * How a stretch is taken out of a file in whole blocks: `blanks` are what of it lies in blocks that also hold something else and is written over, `collapse` are its own blocks.
 * Null collapse: the stretch fills no block.
 */
export interface CutRange {
  readonly blanks: readonly Stretch[];
  readonly collapse: Stretch | null;
}

const blank = (start: number, end: number): Stretch[] => (end > start ? [{ start, end }] : []);

/** Splits a stretch along the blocks of its file system. A file always keeps something behind what is taken out: where nothing would be left, one block stays, blank. */
export function cutRange({ start, end }: Stretch, blockBytes: number, fileBytes: number): CutRange {
  const from = Math.ceil(start / blockBytes) * blockBytes;
  const whole = Math.floor(end / blockBytes) * blockBytes;
  const to = whole >= fileBytes ? whole - blockBytes : whole;
  if (to <= from) return { blanks: blank(start, end), collapse: null };
  return { blanks: [...blank(start, from), ...blank(to, end)], collapse: { start: from, end: to } };
}
