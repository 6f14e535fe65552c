import type { SkipReason } from '@mailwarden/contracts';
import { compilePatterns, type PatternSet } from '@mailwarden/inventory';
import type { Sha256 } from '@mailwarden/kernel';
import type { HeldSpan } from '@mailwarden/product-database';
import { concernsStore, meets } from '@mailwarden/rotation';
import type { Journal } from '../journal/journal.js';
import type { IntendedMove } from '../journal/packed-moves.js';
import type { RotateRequest } from '../rotate-request.js';
import { generationSince } from '../logs/log-beginning.js';
import { heldSpans } from '../tables/held-spans.js';
import { heldMessages, isHeldMessage, messageHeadOf, spanHolds } from './message-file.js';
import { pathOf } from './plan-files.js';
import type { PrivateFolder } from './private-folder.js';
import { identityOf } from './why-not.js';

/** The moments between which all lies that an order planned. Units: milliseconds since 1970. */
type Moments = HeldSpan;

/** Of lone halves, and of an order that tells of no moments, any moment may be meant. */
function plannedMoments({ begun, records }: Pick<Journal, 'begun' | 'records'>): Moments {
  if (begun === undefined || records.some(({ kind }) => kind === 'orphans-begun')) return { fromMs: -Infinity, untilMs: Infinity };
  return { fromMs: begun.planned.oldestMs ?? -Infinity, untilMs: begun.planned.newestMs ?? Infinity };
}

/**
 * Says of what an earlier run took in and announced, and did not delete yet, whether a word that is newer than its plan keeps it.
 * Safety: taking in changes the moments by which some clocks go, so a hold that covers any moment of the plan keeps all that is left of it; where that was too much, the plan that follows tells them apart and takes them again.
 */
export class KeptSince {
  readonly #planned: Moments;
  /** The times that holds keep, of the store in question. */
  readonly spans: readonly HeldSpan[];
  readonly #messages: ReadonlySet<Sha256>;
  readonly #excluded: PatternSet;
  #went = 0;
  #parted = 0;

  constructor(
    private readonly request: Pick<RotateRequest, 'profile' | 'store' | 'holds' | 'exclude' | 'marked' | 'overwrite'>,
    journal: Pick<Journal, 'begun' | 'records'>,
  ) {
    const { profile, store, holds } = request;
    const concerned = holds.filter((hold) => concernsStore(hold, profile.id, store.id));
    this.#planned = plannedMoments(journal);
    this.#messages = store.messages ? heldMessages(concerned) : new Set();
    this.#excluded = compilePatterns(request.exclude);
    this.spans = heldSpans(spanHolds(concerned, store));
  }

  /** Null where nothing keeps it. The file is looked at in our own folder. */
  reasonFor(own: PrivateFolder, move: IntendedMove): SkipReason | null {
    const path = pathOf({ root: own.root, folder: move.folder, name: move.name });
    const { marked } = this.request;
    if (this.#isHeld(own, move)) return 'held';
    if (this.#excluded.matches(path) || (move.isUnit === true && this.#excluded.mayHold(path))) return 'excluded';
    return marked === null || marked.has(path, identityOf(move)) ? null : 'in-grace';
  }

  /** Whether nothing is left to keep: what the file held is written over already. */
  isWrittenOver(own: PrivateFolder, move: IntendedMove): boolean {
    return this.request.overwrite && move.isUnit !== true && !own.isAsPlanned(move.n, move);
  }

  /** Counts what had to go although something keeps it by now. */
  countGone(items: number): void {
    this.#went += items;
  }

  /** Counts folders that lost parts before something kept them. */
  countParted(items: number): void {
    this.#parted += items;
  }

  /** What a receipt says about it. */
  get notes(): string[] {
    const went = this.#went === 0 ? [] : [`${this.#went} items are kept by a word that came too late, as a hold: their rows had left already, or they were written over, so they were deleted as they were announced`];
    return this.#parted === 0 ? went : [...went, `${this.#parted} folders are kept by a word that came when parts of them were deleted already, as a hold: what was left of them was put back`];
  }

  #isHeld(own: PrivateFolder, move: IntendedMove): boolean {
    const { fromMs, untilMs } = this.#planned;
    const isCovered = this.spans.some((span) => (span.fromMs <= untilMs && span.untilMs >= fromMs) || (span.fromMs <= move.mtimeMs && span.untilMs >= move.mtimeMs));
    return isCovered || this.#isHeldLog(own, move) || (this.#messages.size > 0 && isHeldMessage(messageHeadOf(own.directory, String(move.n), move), this.#messages));
  }

  /** A generation of a log holds all from its first line on. */
  #isHeldLog(own: PrivateFolder, move: IntendedMove): boolean {
    const { store } = this.request;
    if (store.kind !== 'log' || this.spans.length === 0) return false;
    return meets(this.spans, { fromMs: generationSince(own.directory, String(move.n), move, { store, named: move.name }), untilMs: move.mtimeMs });
  }
}
