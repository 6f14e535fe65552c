import type { Hold, SkipReason } from '@mailwarden/contracts';
import type { Stretch } from './cut-range.js';
import type { Excess } from './excess.js';

/** Lines in a row that leave. */
export interface LineStretch extends Stretch {
  readonly records: number;
}

export interface LineRules {
  readonly excess: Excess;
  readonly keep: { readonly newest: number; readonly youngerThanSeconds: number };
  readonly holds: readonly Hold[];
  readonly nowMs: number;
  /** Of the whole store. */
  readonly records: number;
}

/** Each stretch is a cut of its own: a file whose held lines lie among others in more places than this keeps the rest. */
const STRETCHES_MAX = 64;

const momentOf = (text: string | null, otherwise: number): number => {
  const ms = text === null ? otherwise : Date.parse(text);
  return Number.isNaN(ms) ? otherwise : ms;
};

/**
 * Chooses lines of one store, handed over from the oldest file to the newest and within it from the first line to the last, until every limit that is passed is back at its low watermark.
 * Safety: held and newest lines never go, and a line that may not go because it is young ends the choice: what stands behind it is younger.
 */
export class LineChoice {
  readonly skipped = new Map<SkipReason, number>();
  #stretches: LineStretch[] = [];
  #rank = 0;
  #items = 0;
  #bytes = 0;
  #isOver = false;
  #agedStays = false;
  #oldestMs: number | null = null;
  #newestMs: number | null = null;
  readonly #spans: readonly { readonly fromMs: number; readonly untilMs: number }[];

  constructor(private readonly rules: LineRules) {
    this.#spans = rules.holds.map(({ from, until }) => ({ fromMs: momentOf(from, -Infinity), untilMs: momentOf(until, Infinity) }));
  }

  /** Whether a line's own moment bears on the choice. */
  get needsMoments(): boolean {
    return this.rules.excess.olderThanMs !== null || this.rules.keep.youngerThanSeconds > 0 || this.#spans.length > 0;
  }

  /** Nothing more of the store is wanted, or may go. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get planned(): { readonly items: number; readonly bytes: number; readonly oldestMs: number | null; readonly newestMs: number | null } {
    return { items: this.#items, bytes: this.#bytes, oldestMs: this.#oldestMs, newestMs: this.#newestMs };
  }

  get staysOver(): boolean {
    return this.#bytes < this.rules.excess.bytes || this.#items < this.rules.excess.items || this.#agedStays;
  }

  /** What leaves of the file that was handed over since this was asked last. */
  take(): readonly LineStretch[] {
    const stretches = this.#stretches;
    this.#stretches = [];
    return stretches;
  }

  /** Hands over several lines that leave whole or not at all, as those of a packed generation. Returns whether they leave. */
  whole(records: number, bytes: number, oldestMs: number, newestMs: number): boolean {
    const wanted = this.#bytes + bytes <= this.rules.excess.bytes || this.#items + records <= this.rules.excess.items || (this.rules.excess.olderThanMs !== null && newestMs < this.rules.excess.olderThanMs);
    const isKept = this.#rank + records > this.rules.records - this.rules.keep.newest || newestMs > this.rules.nowMs - this.rules.keep.youngerThanSeconds * 1000 || this.#spans.some(({ fromMs, untilMs }) => newestMs >= fromMs && oldestMs <= untilMs);
    this.#rank += records;
    this.#isOver ||= !wanted || isKept;
    if (this.#isOver) return false;
    this.#count(records, bytes, oldestMs);
    this.#newestMs = newestMs;
    return true;
  }

  /** Hands over one line. Returns false when the choice is over. `atMs`: NaN where nothing tells how old it is. */
  line(start: number, end: number, atMs: number): boolean {
    const { excess, keep, records, nowMs } = this.rules;
    if (this.#isOver) return false;
    const isWanted = this.#bytes < excess.bytes || this.#items < excess.items || (excess.olderThanMs !== null && atMs < excess.olderThanMs);
    const rank = this.#rank++;
    if (!isWanted) return this.#end(null, atMs);
    if (rank >= records - keep.newest) return this.#end('kept-newest', atMs);
    if (Number.isNaN(atMs) && keep.youngerThanSeconds > 0) return this.#end('no-clock', atMs);
    if (atMs > nowMs - keep.youngerThanSeconds * 1000) return this.#end('in-quiet-period', atMs);
    if (this.#isHeld(atMs)) return this.#stay('held', atMs);
    return this.#add(start, end, atMs);
  }

  #isHeld(atMs: number): boolean {
    return this.#spans.some(({ fromMs, untilMs }) => Number.isNaN(atMs) || (atMs >= fromMs && atMs <= untilMs));
  }

  #add(start: number, end: number, atMs: number): boolean {
    const last = this.#stretches.at(-1);
    if (last?.end === start) this.#stretches[this.#stretches.length - 1] = { start: last.start, end, records: last.records + 1 };
    else if (this.#stretches.length === STRETCHES_MAX) return this.#end('held', atMs);
    else this.#stretches.push({ start, end, records: 1 });
    this.#count(1, end - start, atMs);
    if (!Number.isNaN(atMs)) this.#newestMs = Math.max(this.#newestMs ?? -Infinity, atMs);
    return true;
  }

  #count(records: number, bytes: number, atMs: number): void {
    this.#items += records;
    this.#bytes += bytes;
    if (!Number.isNaN(atMs)) this.#oldestMs = Math.min(this.#oldestMs ?? Infinity, atMs);
  }

  #stay(reason: SkipReason, atMs: number): true {
    this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1);
    this.#agedStays ||= this.rules.excess.olderThanMs !== null && atMs < this.rules.excess.olderThanMs;
    return true;
  }

  #end(reason: SkipReason | null, atMs: number): false {
    if (reason !== null) this.#stay(reason, atMs);
    this.#isOver = true;
    return false;
  }
}
