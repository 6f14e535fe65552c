import type { SkipReason } from '@mailwarden/contracts';
import type { Stretch } from './cut-range.js';
import type { Excess } from './excess.js';
import type { Span } from './hold-span.js';
import { LineTerms, type LineKeep } from './line-terms.js';

/** Lines in a row that leave. */
export interface LineStretch extends Stretch {
  readonly records: number;
}

export interface LineRules extends LineKeep {
  readonly excess: Excess;
}

/** Several lines that leave whole or not at all, as those of a packed generation. Units: milliseconds since 1970. */
export interface LineBundle {
  readonly records: number;
  readonly bytes: number;
  /** By the order's clock; NaN where nothing tells. */
  readonly oldestMs: number;
  readonly newestMs: number;
  /** From the earliest to the latest moment that its lines can be of by what they say of themselves; NaN where none says anything. */
  readonly told: Span;
}

/** Each stretch is a cut of its own: a file whose held lines lie among others in more places than this keeps the rest. */
const STRETCHES_MAX = 64;

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
  readonly #terms: LineTerms;

  constructor(private readonly rules: LineRules) {
    this.#terms = new LineTerms(rules);
  }

  /** Whether a line's own moment bears on the choice. */
  get needsMoments(): boolean {
    return this.rules.excess.olderThanMs !== null || this.#terms.needMoments;
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

  /** Says how many lines of the store are older than those that are handed over next, also where they were not handed over themselves. */
  after(records: number): void {
    this.#rank = records;
  }

  /** Tells of lines that are not handed over, for a reason of their own. */
  leave(reason: SkipReason, records: number): void {
    this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + records);
  }

  /** Hands over several lines. Returns whether they leave; where they stay, for a hold as well, the choice is over. */
  whole({ records, bytes, oldestMs, newestMs, told }: LineBundle): boolean {
    if (this.#isOver) return false;
    const { excess } = this.rules;
    const isWanted = this.#bytes + bytes <= excess.bytes || this.#items + records <= excess.items || this.#isTooOld(newestMs);
    this.#rank += records;
    if (!isWanted) return this.#end(null, newestMs, records);
    const reason = this.#terms.keptBy(this.#rank - 1, newestMs, told.fromMs, told.untilMs);
    if (reason !== null) return this.#end(reason, newestMs, records);
    this.#count(records, bytes, oldestMs, newestMs);
    return true;
  }

  /** Hands over one line. Returns false when the choice is over. `atMs`: by the order's clock, NaN where nothing tells how old it is. `toldMs`: what the line says of itself, which is what a hold means; NaN where it says nothing. */
  line(start: number, end: number, atMs: number, toldMs: number = atMs): boolean {
    const { excess } = this.rules;
    if (this.#isOver) return false;
    const rank = this.#rank++;
    if (!(this.#bytes < excess.bytes || this.#items < excess.items || this.#isTooOld(atMs))) return this.#end(null, atMs);
    const reason = this.#terms.keptBy(rank, atMs, toldMs, toldMs);
    if (reason === null) return this.#add(start, end, atMs);
    return reason === 'held' ? this.#stay(reason, atMs) : this.#end(reason, atMs);
  }

  #isTooOld(atMs: number): boolean {
    return this.rules.excess.olderThanMs !== null && atMs < this.rules.excess.olderThanMs;
  }

  #add(start: number, end: number, atMs: number): boolean {
    const last = this.#stretches.at(-1);
    if (last?.end === start) this.#stretches[this.#stretches.length - 1] = { start: last.start, end, records: last.records + 1 };
    else if (this.#stretches.length === STRETCHES_MAX) return this.#end('held', atMs);
    else this.#stretches.push({ start, end, records: 1 });
    this.#count(1, end - start, atMs, atMs);
    return true;
  }

  #count(records: number, bytes: number, oldestMs: number, newestMs: number): void {
    this.#items += records;
    this.#bytes += bytes;
    if (!Number.isNaN(oldestMs)) this.#oldestMs = Math.min(this.#oldestMs ?? Infinity, oldestMs);
    if (!Number.isNaN(newestMs)) this.#newestMs = Math.max(this.#newestMs ?? -Infinity, newestMs);
  }

  #stay(reason: SkipReason, atMs: number, records = 1): true {
    this.leave(reason, records);
    this.#agedStays ||= this.#isTooOld(atMs);
    return true;
  }

  #end(reason: SkipReason | null, atMs: number, records = 1): false {
    if (reason !== null) this.#stay(reason, atMs, records);
    this.#isOver = true;
    return false;
  }
}
