import type { SignedCheckpoint } from './pack-lines.js';

/** What somebody kept of the ledger from before, and that the pack must agree with: signed heads, and time stamps of such by the SHA-256 that was stamped. */
export interface Kept {
  readonly checkpoints: readonly SignedCheckpoint[];
  readonly stamps: readonly Stamp[];
}

/** What a time-stamp token says: so many bytes with this SHA-256 were there at that time. Whether the authority signed it is for `openssl ts -verify`. */
export interface Stamp {
  readonly imprint: string;
  /** As the token has it, in UTC. */
  readonly at: string;
}

export const NOTHING_KEPT: Kept = { checkpoints: [], stamps: [] };
