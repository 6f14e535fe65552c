import type { Hold, SkipReason } from '@mailwarden/contracts';
import { spanOf, type Span } from './hold-span.js';

export interface LineKeep {
  readonly keep: { readonly newest: number; readonly youngerThanSeconds: number };
  readonly holds: readonly Hold[];
  readonly nowMs: number;
  /** Of the whole store. */
  readonly records: number;
}

/** Which lines an order must leave where they are, whatever its limits ask for. Units: milliseconds since 1970. */
export class LineTerms {
  readonly #spans: readonly Span[];
  readonly #youngMs: number;

  constructor(private readonly rules: LineKeep) {
    this.#spans = rules.holds.map(spanOf);
    this.#youngMs = rules.nowMs - rules.keep.youngerThanSeconds * 1000;
  }

  /** Whether a line's own moment bears on it. */
  get needMoments(): boolean {
    return this.#spans.length > 0 || this.rules.keep.youngerThanSeconds > 0;
  }

  /**
   * Why one line, or several that leave whole or not at all, must stay; null when they may go. `rank` is the place of the newest of them among all lines of the store; `newestMs` how old it is by the order's clock, NaN where nothing tells.
   * `told` is what they say of themselves, which is what a hold means: NaN where they say nothing, and then any hold keeps them.
   */
  keptBy(rank: number, newestMs: number, toldFromMs: number, toldUntilMs: number): SkipReason | null {
    const { keep, records } = this.rules;
    if (rank >= records - keep.newest) return 'kept-newest';
    if (Number.isNaN(newestMs) && keep.youngerThanSeconds > 0) return 'no-clock';
    if (newestMs > this.#youngMs) return 'in-quiet-period';
    return this.#areHeld(toldFromMs, toldUntilMs) ? 'held' : null;
  }

  #areHeld(fromMs: number, untilMs: number): boolean {
    const isUnknown = Number.isNaN(fromMs) || Number.isNaN(untilMs);
    return this.#spans.some((span) => isUnknown || (untilMs >= span.fromMs && fromMs <= span.untilMs));
  }
}
