import type { Reading } from './sqlite-file.js';

/** One question that a process of its own answers about one file. Names are quoted already. */
export interface SqliteQuestion {
  /** The folder is the process's file descriptor 3. */
  readonly name: string;
  readonly reading: Reading;
  readonly device: string;
  readonly inode: string;
  /** How long it waits while the product writes. Units: milliseconds. */
  readonly busyMs: number;
  /** The process ends itself after so long. Units: milliseconds. */
  readonly lifeMs: number;
  readonly statements: readonly { readonly sql: string; readonly values: readonly (string | number)[] }[];
  /** More rows of one statement are a failure. */
  readonly rowsMax: number;
}

/** The rows of each statement in order, or why there are none. */
export type SqliteAnswer =
  | { readonly rows: readonly (readonly (string | number | null)[])[][] }
  /** SQLite's extended result code. */
  | { readonly code: number; readonly what: 'table' | 'column' | null }
  | { readonly trouble: 'replaced' | 'written' | 'rows' };
