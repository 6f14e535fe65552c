import type { SignedCheckpoint } from '@mailwarden/evidence-pack';

/** Somebody or something outside of the database that keeps signed heads of the ledger. */
export interface Witness {
  /** Stays the same over restarts: the state is kept under it. */
  readonly name: string;
  /** It is told no more often than this. Units: milliseconds. */
  readonly everyMs: number;
  /** Hands a head over; when it returns, it is kept. Errors: rejects where it was not taken, in words for whoever runs the service. */
  tell(head: SignedCheckpoint): Promise<void>;
}

/** How long one handing over may take. Units: milliseconds. */
export const TELL_MS_MAX = 10_000;
