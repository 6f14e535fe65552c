import type { Decision } from '@mailwarden/contracts';
import type { Instant } from '@mailwarden/kernel';
import type { Statement } from './statement.js';

export const PROBLEM_CODES = [
  'not-a-pack', 'bad-line', 'other-keys', 'wrong-checkpoint', 'wrong-text', 'wrong-decision', 'wrong-membership', 'wrong-attestation', 'wrong-signature', 'wrong-leaf', 'not-whole',
  'wrong-period', 'wrong-server', 'wrong-receipt', 'not-complete',
] as const;

/** Something of a pack that does not hold. `line` counts from 1. */
export interface PackProblem {
  readonly line: number;
  readonly code: (typeof PROBLEM_CODES)[number];
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

/** An entry of a period as it stands in a pack. */
export interface CheckedEntry {
  readonly index: number;
  readonly statement: Statement;
  /** By who sent it, and not only kept by the ledger. */
  readonly isSigned: boolean;
}

/** What a pack about a period holds. */
export interface PeriodVerdict {
  readonly from: Instant;
  readonly to: Instant;
  /** Null for the whole fleet. */
  readonly server: string | null;
  /** The heads that it begins after and ends with. `first` is null at the beginning of the ledger. */
  readonly first: { readonly size: number; readonly at: Instant } | null;
  readonly last: { readonly size: number; readonly at: Instant };
  readonly entries: number;
  /** Of the entries, those that their senders signed. */
  readonly signed: number;
  /** Entries of others, of which nothing is told. */
  readonly hidden: number;
  /** Signed heads in between, each of which was reached. */
  readonly checkpoints: number;
  /** Servers whose keys the pack tells. */
  readonly servers: number;
  readonly kinds: Readonly<Record<string, number>>;
}

export interface PackVerdict {
  readonly holds: boolean;
  /** The first thing that is wrong comes first; at most so many are told as are worth reading. */
  readonly problems: readonly PackProblem[];
  /** What could not be checked, and is no proof of anything wrong. */
  readonly notes: readonly string[];
  /** Null in a pack about a period. */
  readonly agreement: string | null;
  /** Null in a pack about an agreement. */
  readonly period: PeriodVerdict | null;
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
