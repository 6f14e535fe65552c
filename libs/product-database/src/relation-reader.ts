import type { HostSettings, Relation } from '@mailwarden/catalogue';
import type { Instant, Measured, Result } from '@mailwarden/kernel';

/** What a table holds. A record without a time, or with one that is none, is counted and is neither the oldest nor the newest. */
export interface RelationFacts {
  /** Exact. */
  readonly records: number;
  /** On disk, with indexes; unknown where the database does not tell. */
  readonly bytes: Measured<number>;
  readonly oldestAt: Instant | null;
  readonly newestAt: Instant | null;
}

/**
 * One product's database, read and never written, whatever engine it is.
 * Each answer comes within the engine's time limits. Errors: why there is none, in words that tell nothing of a row.
 */
export interface RelationReader {
  measure(relation: Relation): Promise<Result<RelationFacts, string>>;
  /** Names that the rows of a pair give their files, below the store's folder. Errors: also above `namesMax`. */
  fileNames(relation: Relation, namesMax: number): Promise<Result<string[], string>>;
  /** Which of these files have a row; with `before`, only rows from before that moment count. */
  filesWithRows(relation: Relation, files: readonly string[], before: Date | null): Promise<Result<Set<string>, string>>;
  /** One value by a profile's own SELECT, as text; null when there is no row. Safety: nothing but one reading statement is ever run. */
  value(query: string): Promise<Result<string | null, string>>;
  close(): Promise<void>;
}

/** The host that a database belongs to: the open folder that stands for its root, where that is, and what only the host knows. */
export interface DatabaseHost {
  readonly root: { readonly fd: number };
  readonly rootPath: string;
  readonly settings: HostSettings;
}
