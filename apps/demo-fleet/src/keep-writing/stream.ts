/** One kind of thing that keeps arriving at a server. */
export interface Stream {
  readonly perMinute: number;
  /** Brings `count` of it. Errors: throws when the database or the disk does not take it; the next turn tries again. */
  bring(count: number): Promise<void>;
}

/** After a pause (a suspended machine, a database that was away) no flood makes up for what did not come. */
const MAKE_UP_MS_MAX = 2_000;

/** How many of a stream are due, with the fraction carried on. */
export class Due {
  #fraction = 0;

  constructor(private readonly perMinute: number) {}

  /** Units: milliseconds since the last call. */
  after(elapsedMs: number): number {
    this.#fraction += (this.perMinute * Math.min(elapsedMs, MAKE_UP_MS_MAX)) / 60_000;
    const whole = Math.floor(this.#fraction);
    this.#fraction -= whole;
    return whole;
  }
}
