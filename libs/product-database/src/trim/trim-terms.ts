/** How a trimmer is to leave the place of what it deleted. */
export interface TrimTerms {
  /** What the records held is written over with zeroes, where the engine can. */
  readonly overwrite: boolean;
}
