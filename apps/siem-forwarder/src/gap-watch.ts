/** Numbers of one source that did not come. */
export interface Gap {
  readonly source: string;
  readonly from: number;
  readonly to: number;
}

interface Missing {
  readonly from: number;
  readonly to: number;
  readonly sinceMs: number;
}

/** What was seen of one source: its highest number, and the pieces below that are still waited for. */
export interface SourceSeen {
  readonly highest: number;
  readonly missing: readonly Missing[];
}
export type Seen = Readonly<Record<string, SourceSeen>>;

/** How long a number may be late: an event that was sent again comes after its successors. Units: milliseconds. */
export const LATE_MS_MAX = 30_000;
/** Pieces of one source that are waited for at once; the oldest of more are told early. */
const MISSING_MAX = 100;

const without = ({ from, to, sinceMs }: Missing, number: number): Missing[] =>
  number < from || number > to ? [{ from, to, sinceMs }] : [{ from, to: number - 1, sinceMs }, { from: number + 1, to, sinceMs }].filter((piece) => piece.from <= piece.to);

/** Sees which numbers of a source are missing. Sources count without gaps, so that a missing number is an event that was lost before it got here. */
export class GapWatch {
  readonly #sources: Map<string, SourceSeen>;

  constructor(seen: Seen) {
    this.#sources = new Map(Object.entries(seen));
  }

  /** The first number of a source that was never heard of is where counting begins. Not counted: 0, which says that a message has no number. */
  saw(source: string, sequence: number, nowMs: number): void {
    if (sequence === 0) return;
    const { highest, missing } = this.#sources.get(source) ?? { highest: sequence, missing: [] };
    if (sequence <= highest) this.#sources.set(source, { highest, missing: missing.flatMap((piece) => without(piece, sequence)) });
    else this.#sources.set(source, { highest: sequence, missing: sequence === highest + 1 ? missing : [...missing, { from: highest + 1, to: sequence - 1, sinceMs: nowMs }] });
  }

  /** Gaps that have not closed in time; each is told once. */
  due(nowMs: number): Gap[] {
    const gaps: Gap[] = [];
    for (const [source, { highest, missing }] of this.#sources) {
      const tooMany = missing.length - MISSING_MAX;
      const isDue = ({ sinceMs }: Missing, index: number): boolean => index < tooMany || nowMs - sinceMs >= LATE_MS_MAX;
      gaps.push(...missing.filter(isDue).map(({ from, to }) => ({ source, from, to })));
      this.#sources.set(source, { highest, missing: missing.filter((piece, index) => !isDue(piece, index)) });
    }
    return gaps;
  }

  /** To be kept, so that a gap across a restart is seen as well. */
  seen(): Seen {
    return Object.fromEntries(this.#sources);
  }
}
