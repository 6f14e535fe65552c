import type { EntryFacts } from '@mailwarden/linux';

/** Files with several names that are told apart in one look at a store: about 8 MB. Units: files. */
const FILES_MAX = 65_536;

/**
 * Knows whether a name leads to a file that was counted already: such a file takes its room once, as a scan counts it.
 * Safety: past so many files nobody can tell, and a name is taken for a further one: a store that is counted too small loses less.
 */
export class CountedOnce {
  readonly #seen = new Set<string>();
  #untold = 0;

  constructor(private readonly filesMax = FILES_MAX) {}

  isAgain({ dev, ino, inoLow, nlink }: Pick<EntryFacts, 'dev' | 'ino' | 'inoLow' | 'nlink'>): boolean {
    if (nlink <= 1) return false;
    const key = `${dev} ${ino} ${inoLow}`;
    if (this.#seen.has(key)) return true;
    if (this.#seen.size >= this.filesMax) {
      this.#untold += 1;
      return true;
    }
    this.#seen.add(key);
    return false;
  }

  /** Names of which nobody can tell any more whether their files were counted. */
  get untold(): number {
    return this.#untold;
  }
}
