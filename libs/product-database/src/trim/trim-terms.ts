/** An account that a file of SQLite may belong to, with all its groups. */
export interface FileOwner {
  readonly uid: number;
  readonly gids: ReadonlySet<number>;
}

/** How a trimmer is to leave the place of what it deleted. */
export interface TrimTerms {
  /** What the records held is written over with zeroes, where the engine can. */
  readonly overwrite: boolean;
  /** The product's own accounts: what belongs to another one, root apart, is written to by nobody. */
  readonly owners: readonly FileOwner[];
  /** Id of the order that deletes; absent where nothing is deleted. What the adapter keeps to tell its effect bears this name. */
  readonly order?: string;
}
