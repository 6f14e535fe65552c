import type { LineSums } from './line-counter.js';

/** How far a log was counted, and what stood right before that place. */
export interface CountedPart {
  /** Units: bytes from the beginning of the file. */
  readonly until: number;
  /** The bytes before `until`: a file that was emptied and filled again has others there. */
  readonly tail: Buffer;
  readonly sums: LineSums;
}

/** So many bytes before a place tell whether a file is still the one that was counted. A line with its moment is shorter. */
export const TAIL_BYTES = 256;
/** Logs that are remembered; the one that was asked for longest ago is forgotten. */
const LOGS_MAX = 1_000;

/** What past scans counted, so that a log which only grew is read on from where it was. Lives as long as its process, and is never trusted blindly. */
export class LogMemory {
  readonly #parts = new Map<string, CountedPart>();

  recall(key: string): CountedPart | undefined {
    const part = this.#parts.get(key);
    if (part !== undefined) {
      this.#parts.delete(key);
      this.#parts.set(key, part);
    }
    return part;
  }

  keep(key: string, part: CountedPart): void {
    this.#parts.delete(key);
    this.#parts.set(key, part);
    const [oldest] = this.#parts.keys();
    if (this.#parts.size > LOGS_MAX && oldest !== undefined) this.#parts.delete(oldest);
  }
}
