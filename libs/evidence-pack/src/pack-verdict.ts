import type { Decision } from '@mailwarden/contracts';
import type { Instant } from '@mailwarden/kernel';

/** Something of a pack that does not hold. `line` counts from 1. */
export interface PackProblem {
  readonly line: number;
  readonly code: 'not-a-pack' | 'bad-line' | 'other-keys' | 'wrong-checkpoint' | 'wrong-text' | 'wrong-decision' | 'wrong-membership' | 'wrong-attestation' | 'wrong-signature' | 'wrong-leaf' | 'not-whole';
  readonly message: string;
}

/** How far one decision has reached, by what servers of its scope signed. */
export interface DecisionReach {
  readonly decision: Pick<Decision, 'id' | 'action' | 'scope' | 'decidedAt' | 'recordedAt' | 'textSha256' | 'decidedBy' | 'confirmedBy'>;
  /** False while no checkpoint covers it. */
  readonly inLedger: boolean;
  readonly servers: number;
  /** Null where the ledger does not say which revision it was. */
  readonly applied: number | null;
}

export interface PackVerdict {
  readonly holds: boolean;
  /** The first thing that is wrong comes first; at most so many are told as are worth reading. */
  readonly problems: readonly PackProblem[];
  /** What could not be checked, and is no proof of anything wrong. */
  readonly notes: readonly string[];
  readonly agreement: string | null;
  readonly at: Instant | null;
  /** Keys that the pack was checked by, by the name of the service. */
  readonly keys: Readonly<Record<string, string>>;
  readonly checkpoint: { readonly size: number; readonly rootHash: string; readonly at: Instant } | null;
  /** Size of the older checkpoint of which the ledger was shown to be the continuation; null where none was given. */
  readonly continues: number | null;
  readonly texts: number;
  readonly servers: number;
  readonly decisions: readonly DecisionReach[];
}
