import { z } from 'zod';
import { KSN_STATES } from './observation.js';
import { count, instant, labelText, measured, profileId, sentence, serverName, sha256Hex, slug, uuid } from './primitives.js';

/** For whom a decision counts. A group is one label value, written `role=mx`. */
export const consentScope = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('organisation') }),
  z.object({ kind: z.literal('group'), label: labelText, value: labelText }),
  z.object({ kind: z.literal('server'), server: serverName }),
]);
export type ConsentScope = z.output<typeof consentScope>;

export const DECISION_ACTIONS = ['grant', 'decline', 'withdraw'] as const;

/** A person granted, declined or withdrew consent to one agreement version for one scope. */
export const decision = z.object({
  id: uuid,
  agreement: slug,
  /** Hash of the text that was decided on; null where a refusal covers every version. */
  textSha256: sha256Hex.nullable(),
  action: z.enum(DECISION_ACTIONS),
  scope: consentScope,
  /** Account of the operator who decided, and on whose behalf. Never a SIEM event's or the ledger's content. */
  decidedBy: z.string().min(1).max(120),
  onBehalfOf: z.string().min(1).max(200),
  means: z.enum(['console', 'command-line', 'imported-document']),
  reason: sentence,
  /** When the person decided; earlier than `recordedAt` where an older document is recorded. */
  decidedAt: instant,
  recordedAt: instant,
  validUntil: instant.nullable(),
  /** For which region alone; null for any. */
  region: z.string().max(60).nullable(),
  /** SHA-256 of the file that it was taken over from; absent for decisions that were made here. */
  documentSha256: sha256Hex.nullable().optional(),
  /** Account of the second person, where the registry wants two for such a decision; absent elsewhere. */
  confirmedBy: z.string().min(1).max(120).optional(),
});
export type Decision = z.output<typeof decision>;

/** A decision as it was recorded, with what of its own scope counts instead of it: an older document may have been followed by another decision. */
export const recordedDecision = decision.extend({ outrankedBy: z.object({ decision: uuid, action: z.enum(DECISION_ACTIONS), decidedAt: instant }).nullable() });
export type RecordedDecision = z.output<typeof recordedDecision>;

/** A decision as agents need it: no person in it. */
export const publishedDecision = z.object({
  decision: uuid,
  agreement: slug,
  textSha256: sha256Hex.nullable(),
  action: z.enum(DECISION_ACTIONS),
  decidedAt: instant,
  validUntil: instant.nullable(),
  /** Absent in entries of the first release, which count in any region. */
  region: z.string().max(60).nullable().optional(),
});
export type PublishedDecision = z.output<typeof publishedDecision>;

/** All standing decisions of one scope; one withdrawal is one write of one entry, however many servers it reaches. */
export const consentEntry = z.object({
  schema: z.literal('mailwarden/consent-entry/v1'),
  scope: consentScope,
  /** Rises by one with each decision in the scope; an older one never replaces a newer. */
  revision: count,
  decisions: z.array(publishedDecision).max(200),
  publishedAt: instant,
});
export type ConsentEntry = z.output<typeof consentEntry>;
export const signedConsentEntry = z.object({
  payload: consentEntry,
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  signature: z.string().max(100),
});
export type SignedConsentEntry = z.output<typeof signedConsentEntry>;

/** Label of a server that says where it stands. A grant for one region does not count in another. */
export const REGION_LABEL = 'region';

export const CONSENT_STATES = ['granted', 'declined', 'withdrawn', 'expired', 'undecided', 'text-changed', 'region-changed'] as const;
export type ConsentState = (typeof CONSENT_STATES)[number];

/** One agent's signed word on what it applied and what it sees. */
export const attestation = z.object({
  schema: z.literal('mailwarden/attestation/v1'),
  server: serverName,
  /** Revision applied, by scope key. */
  revisions: z.record(z.string().max(140), count),
  agreements: z.array(z.object({ agreement: slug, state: z.enum(CONSENT_STATES), because: sentence })).max(50),
  ksn: z.object({ desired: z.enum(KSN_STATES), actual: measured(z.enum(KSN_STATES)) }),
  /** True when nothing leaves that consent does not cover, as far as this host can tell; null when it cannot tell. */
  compliant: z.boolean().nullable(),
  /** What the packet filter of the host refuses; absent where no policy asks for one. */
  egress: z
    .object({
      /** `absent`: the host has no keeper of a filter. `failed`: there is one, and the filter does not stand. */
      filter: z.enum(['stands', 'failed', 'absent']),
      refused: z.array(z.object({ profile: profileId, flow: slug })).max(500),
      /** Flows that policy would have refused, and that are not. */
      notEnforced: z.array(z.object({ profile: profileId, flow: slug })).max(500),
    })
    .optional(),
  appliedAt: instant,
});
export type Attestation = z.output<typeof attestation>;
