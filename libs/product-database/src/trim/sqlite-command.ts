/** What the process that writes to a file of SQLite is started with. The file's folder is its file descriptor 3. */
export interface SqliteWriterStart {
  readonly name: string;
  readonly device: string;
  readonly inode: string;
  /** How long a reading, or the beginning of a write, waits while the product writes. Units: milliseconds. */
  readonly waitMs: number;
  /** How long a write that has begun waits for the product's readers before it gives way. Units: milliseconds. */
  readonly busyMs: number;
  /** What rows held is written over with zeroes. */
  readonly overwrite: boolean;
}

/** One statement of ours at a time. Names in it are quoted already; `keys` come behind the other values: `i` and an integer, `t` and a text, or `b` and bytes. */
export type SqliteCommand =
  | { readonly do: 'read'; readonly sql: string; readonly values: readonly number[]; readonly keys: readonly string[]; readonly locked: boolean }
  /** Fills the temporary table `seen` with the rows of a table, a page at a time, so that its reader never keeps the product waiting for long. */
  | { readonly do: 'copy'; readonly table: string; readonly key: string; readonly at: string; readonly pageMs: number }
  /** Counts the rows of a table in the same way. */
  | { readonly do: 'count'; readonly table: string; readonly key: string; readonly pageMs: number }
  /** In one transaction; taken back when not exactly `expected` rows went, where that is said. */
  | { readonly do: 'delete'; readonly sql: string; readonly keys: readonly string[]; readonly expected: number | null };

export type SqliteReply =
  /** Cells of keys are told as keys. */
  | { readonly rows: readonly (readonly (string | number | null)[])[] }
  | { readonly changes: number; readonly committed: boolean; readonly heldMs: number }
  | { readonly code: number; readonly what: 'table' | 'column' | null; readonly heldMs: number }
  | { readonly trouble: 'replaced' };
