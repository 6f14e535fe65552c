import type { SkipReason } from '@mailwarden/contracts';
import { boundPassed, type Amount } from './bounds.js';
import { clockDoubt } from './clock-doubt.js';
import { excessOf, watermarkProblem, type Excess } from './excess.js';
import { covers, meets, spanOf, type Span } from './hold-span.js';
import type { RotationPlan, RotationRules } from './rotation-plan.js';

/** What a whole store holds, before anything of it is chosen. Units: allocated bytes, milliseconds since 1970. */
export interface StoreTotals extends Amount {
  /** Items that have a moment by the order's clock. The newest that are kept are counted among these: one without may be of any age. */
  readonly dated: number;
  readonly oldestMs: number | null;
  /** The newest moment of all items, those that may not go among them: one that lies in the future tells of a clock that ran backwards. */
  readonly newestMs: number | null;
}

/** Some items of a store, as columns. */
export interface AgedItems {
  readonly bytes: Float64Array;
  /** By the order's clock; NaN where the item has no such moment: it is never taken. */
  readonly atMs: Float64Array;
  /** Another moment that a hold may mean, as what a file says of itself beside what its file system says. */
  readonly otherMs?: Float64Array;
  /** When the oldest of what an item holds was written, for items that hold more than one moment, as a generation of a log; -Infinity where nobody can tell. A hold of any moment from then to those above keeps it. Asked only where there are holds. */
  readonly sinceMs?: (place: number) => number;
  /** Why an item may not go, whatever the limits say; null where it may. */
  readonly blockedBy: (place: number) => SkipReason | null;
}

/**
 * Chooses what goes of a store that is shown piece by piece, from its oldest items on, until every limit that is passed is back at its low watermark.
 * It keeps sums alone, so that a store of any size can be planned in little memory.
 * Safety: held, newest, young and blocked items never go. Pieces must be shown oldest first; what is chosen may only be carried out when `plan` says that nothing stops it.
 */
export class Selection {
  readonly #excess: Excess;
  readonly #spans: readonly Span[];
  readonly #skipped = new Map<SkipReason, number>();
  #rank: number;
  #items = 0;
  #bytes = 0;
  #oldestMs: number | null = null;
  #newestMs: number | null = null;
  #agedStays = false;
  #isOver = false;

  constructor(
    private readonly totals: StoreTotals,
    private readonly rules: RotationRules,
    /** How many older items there are that are not shown. */
    older = 0,
  ) {
    this.#rank = older;
    this.#excess = excessOf({ ...totals, room: rules.room ?? null }, rules.watermarks, rules.nowMs, rules.begun ?? null);
    this.#spans = rules.holds.map(spanOf);
    this.#isOver = this.#excess.kinds.length === 0;
  }

  /** True once enough was chosen: what is younger need not be shown. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Chooses of the next items. `order` are their places from the oldest to the newest. Returns the places that go, oldest first. */
  take(items: AgedItems, order: Uint32Array): number[] {
    const chosen: number[] = [];
    for (let rank = 0; rank < order.length && !this.#isOver; rank += 1) {
      const place = order[rank] ?? 0;
      const atMs = items.atMs[place] ?? Number.NaN;
      if (!this.#wants(atMs)) {
        this.#isOver = true;
        break;
      }
      const reason = this.#keptBy(items, place, atMs);
      this.#rank += 1;
      if (reason === null) this.#choose(chosen, place, atMs, items.bytes[place] ?? 0);
      else this.#skip(reason, atMs);
    }
    return chosen;
  }

  /** What was chosen so far. */
  plan(): Omit<RotationPlan, 'selected'> {
    const { items, bytes } = this.totals;
    const before = { items, bytes };
    const planned = { items: this.#items, bytes: this.#bytes, oldestMs: this.#oldestMs, newestMs: this.#newestMs };
    const { kinds, olderThanMs } = this.#excess;
    const staysOver = this.#bytes < this.#excess.bytes || this.#items < this.#excess.items || this.#agedStays;
    return { before, planned, skipped: this.#skipped, goal: { kinds, olderThanMs }, stopped: this.#stoppedBy(planned, before), staysOver };
  }

  #wants(atMs: number): boolean {
    const { begun } = this.rules;
    if (begun !== undefined && (this.#items >= begun.itemsLeft || atMs > (begun.newestMs ?? -Infinity))) return false;
    const { bytes, items } = this.#excess;
    return this.#bytes < bytes || this.#items < items || this.#isTooOld(atMs);
  }

  #isTooOld(atMs: number): boolean {
    return this.#excess.olderThanMs !== null && atMs < this.#excess.olderThanMs;
  }

  #choose(chosen: number[], place: number, atMs: number, bytes: number): void {
    chosen.push(place);
    this.#items += 1;
    this.#bytes += bytes;
    this.#oldestMs ??= atMs;
    this.#newestMs = atMs;
  }

  #skip(reason: SkipReason, atMs: number): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
    this.#agedStays ||= this.#isTooOld(atMs);
  }

  /** What holds one item back; null when it may go. */
  #keptBy(items: AgedItems, place: number, atMs: number): SkipReason | null {
    if (Number.isNaN(atMs)) return this.#spans.length > 0 ? 'held' : 'no-clock';
    if (this.#spans.length > 0 && this.#isHeld(items, place, atMs)) return 'held';
    if (this.#rank >= this.totals.dated - this.rules.keep.newest) return 'kept-newest';
    if (atMs > this.rules.nowMs - this.rules.keep.youngerThanSeconds * 1000) return 'in-quiet-period';
    return items.blockedBy(place);
  }

  #isHeld({ otherMs, sinceMs }: AgedItems, place: number, atMs: number): boolean {
    const other = otherMs?.[place] ?? atMs;
    if (covers(this.#spans, atMs) || covers(this.#spans, other)) return true;
    return sinceMs !== undefined && meets(this.#spans, { fromMs: sinceMs(place), untilMs: Math.max(atMs, other) });
  }

  #stoppedBy(planned: Amount, before: Amount): string | null {
    const { nowMs, issuedAtMs, watermarks, bounds, begun } = this.rules;
    const doubt = this.#excess.olderThanMs === null ? null : clockDoubt({ nowMs, issuedAtMs, newestMs: this.totals.newestMs });
    return watermarkProblem(watermarks) ?? doubt ?? boundPassed(planned, before, bounds, begun?.deleted);
  }
}
