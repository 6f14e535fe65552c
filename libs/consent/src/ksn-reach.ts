import type { KsnState } from '@mailwarden/contracts';

/** How much each state lets out of the server; `private` keeps everything inside. */
const REACH: Readonly<Record<KsnState, number>> = { off: 0, private: 0, basic: 1, extended: 2 };

/** True when the product sends no more than the decisions allow. */
export const isWithin = (actual: KsnState, desired: KsnState): boolean => REACH[actual] <= REACH[desired];
