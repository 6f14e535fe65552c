import type { PlaceFound } from './place-sum.js';
import type { Place, WalkPlan } from './walk-plan.js';

/** What a thread is started with. */
export interface ThreadStart {
  readonly plan: WalkPlan;
  /** Two numbers of this thread alone: the first counts up while it is alive, the second tells it that it was given up. */
  readonly beats: SharedArrayBuffer;
  /** How many threads have nothing to do. */
  readonly wanted: SharedArrayBuffer;
  /** Whether the thread gives way to the mail server's processes. */
  readonly givesWay: boolean;
}

export type ToThread = { readonly kind: 'walk'; readonly place: Place } | { readonly kind: 'end' };
export type FromThread = { readonly kind: 'give'; readonly place: Place } | { readonly kind: 'found'; readonly found: PlaceFound };
