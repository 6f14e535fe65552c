import type { PreparedCut } from '../lines/cut-in-place.js';

/** A log that an order sets aside. Paths are base64 of their bytes. */
export interface ChosenLog {
  readonly root: string;
  readonly folder: string;
  readonly name: string;
  readonly dev: number;
  readonly ino: number;
  /** Units: milliseconds since 1970; 0 where the file system keeps no such moment. */
  readonly bornMs: number;
  readonly size: number;
}

/** How setting a log aside ended: under which way it left, or that it stayed. */
export type AsideResult = 'set-aside' | 'stayed';

/**
 * What the journal says of logs that are set aside. Life of one: `log-chosen` names all of an order, once; `log-renaming` is on disk before a log gets its new name, `log-copying` before a copy begins;
 * `log-copied` says that all up to `end` is safe in the copy, and `log-cutting` how the cut will look; `log-aside` closes it.
 * A crash before the new name leaves the log as it was; after it, the product is told again to open a new file. A copy that was not finished is begun anew; a finished one is followed by its cut, once.
 */
export type LogRecord =
  | { readonly kind: 'log-chosen'; readonly logs: readonly ChosenLog[] }
  | { readonly kind: 'log-renaming'; readonly log: number; readonly generation: string }
  | { readonly kind: 'log-copying'; readonly log: number; readonly generation: string; readonly dev: number; readonly ino: number; readonly bornMs: number }
  | { readonly kind: 'log-copied'; readonly log: number; readonly end: number; readonly mark: string; readonly tail?: string; readonly block: number | null }
  | { readonly kind: 'log-cutting'; readonly log: number; readonly cut: PreparedCut }
  | { readonly kind: 'log-aside'; readonly log: number; readonly result: AsideResult; readonly note: string };
