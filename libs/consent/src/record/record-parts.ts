import type { AgreementText, Decision } from '@mailwarden/contracts';
import type { Instant } from '@mailwarden/kernel';

/** What a profile says of one agreement and of the flows that need it. */
export interface RecordedAgreement {
  readonly id: string;
  readonly title: string;
  readonly product: string;
  readonly vendor: string;
  readonly gates: readonly string[];
  readonly flows: readonly RecordedFlow[];
}

export interface RecordedFlow {
  readonly id: string;
  readonly title: string;
  /** Null where the vendor does not say. */
  readonly recipient: string | null;
  readonly dataCategories: readonly { readonly id: string; readonly title: string }[] | null;
}

/** How far a decision has reached: the servers of its scope, and of these those that attested to have applied it or a later one of the scope. */
export interface Reach {
  readonly decision: string;
  readonly servers: readonly string[];
  readonly attested: readonly { readonly server: string; readonly at: Instant }[];
}

export interface RecordParts {
  readonly agreement: RecordedAgreement;
  readonly texts: readonly Omit<AgreementText, 'text'>[];
  /** All decisions on the agreement, as the registry keeps them. */
  readonly decisions: readonly Decision[];
  readonly reached: readonly Reach[];
  /** When the record is written; what ended before it has expired. */
  readonly at: Instant;
}
