import type { SkipReason } from '@mailwarden/contracts';
import type { LineStretch } from '@mailwarden/rotation';
import type { Blanking } from './blanking.js';
import type { PreparedCut } from './cut-in-place.js';

/** SHA-256 of what leaves last of a file, or never, and of the end of each stretch. */
export interface LineMarks {
  /** From the beginning of the file up to the first place that a cut of any later stretch leaves as it is. */
  readonly head: string;
  readonly ends: readonly string[];
}

/** A file of which lines leave. Paths are base64 of their bytes; no stretches: it leaves whole. */
export interface ChosenLines {
  readonly root: string;
  readonly folder: string;
  readonly name: string;
  readonly dev: number;
  readonly ino: number;
  /** Units: milliseconds since 1970; 0 where the file system keeps no such moment. */
  readonly bornMs: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly records: number;
  readonly bytes: number;
  readonly stretches: readonly LineStretch[];
  /** SHA-256 of what stands behind the last stretch, and never leaves. */
  readonly behind: string;
  /** By what a run knows the stretches again before it begins them. Journals of before do not tell: what they had not begun stays. */
  readonly marks?: LineMarks;
}

/** Lines that were chosen, and that a run which went on left where they are. */
export interface StayedLines {
  readonly reason: SkipReason;
  readonly records: number;
}

/**
 * What the journal says of lines that leave. Life of a file: `lines-chosen` names all files and stretches of an order, once, before anything is touched. In place, from the last stretch to the first: `lines-blanking` is on disk before anything is written over, `lines-cutting` says how the cut will look, `lines-cut` closes it.
 * Anew: `lines-swapping` is on disk before the file that was written anew takes the name, `lines-carrying` before lines that came meanwhile are carried over. `lines-done` closes the file.
 * A run that goes on may find that lines must stay: `lines-staying` is on disk for each such stretch before another of its file is cut, and that one is never begun; `lines-returning` before a file that was to leave whole goes back from our own folder to its place, and it does not leave then.
 */
export type LineRecord =
  | { readonly kind: 'lines-chosen'; readonly files: readonly ChosenLines[] }
  | { readonly kind: 'lines-staying'; readonly file: number; readonly stretch: number; readonly reason: SkipReason }
  | { readonly kind: 'lines-returning'; readonly file: number; readonly reason: SkipReason }
  | { readonly kind: 'lines-blanking'; readonly file: number; readonly stretch: number; readonly was?: Blanking }
  | { readonly kind: 'lines-cutting'; readonly file: number; readonly stretch: number; readonly cut: PreparedCut }
  | { readonly kind: 'lines-cut'; readonly file: number; readonly stretch: number; readonly records: number; readonly bytes: number }
  /** A folder of the executor's own, known by its inode and its birth. */
  | { readonly kind: 'lines-workshop'; readonly ino: number; readonly bornMs: number }
  /** A file of the executor's own, into which what stays is about to be written. */
  | { readonly kind: 'lines-writing'; readonly file: number; readonly dev: number; readonly ino: number; readonly bornMs: number }
  | { readonly kind: 'lines-swapping'; readonly file: number; readonly dev: number; readonly ino: number; readonly bornMs: number; readonly from: number }
  | { readonly kind: 'lines-carrying'; readonly file: number; readonly at: number; readonly from: number; readonly to: number }
  | { readonly kind: 'lines-done'; readonly file: number; readonly records: number; readonly bytes: number; readonly note: string; readonly stayed?: StayedLines };
