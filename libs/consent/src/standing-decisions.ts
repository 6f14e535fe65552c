import type { ConsentEntry, Decision, PublishedDecision } from '@mailwarden/contracts';
import { scopeKey } from '@mailwarden/contracts';
import type { Instant } from '@mailwarden/kernel';
import { EntryIndex } from './entry-index.js';
import { effectiveConsent, type AgreementOnHost, type EffectiveConsent } from './effective-consent.js';

/** A decision as agents need it: no person in it. */
export const published = ({ id, agreement, textSha256, action, decidedAt, validUntil, region }: Decision): PublishedDecision => ({ decision: id, agreement, textSha256, action, decidedAt, validUntil, region });

/** The later one counts; of two at one instant the refusal, and of two alike the one recorded later. */
export function isLater(one: Decision, other: Decision): boolean {
  if (one.decidedAt !== other.decidedAt) return one.decidedAt > other.decidedAt;
  if ((one.action === 'grant') !== (other.action === 'grant')) return one.action !== 'grant';
  return one.recordedAt > other.recordedAt;
}

/** The decision that counts in its scope, of those on one agreement; null where there is none. */
export const newestOf = (own: readonly Decision[]): Decision | null => own.reduce<Decision | null>((best, candidate) => (best === null || isLater(candidate, best) ? candidate : best), null);

/**
 * What of a scope's decisions still says something: for each agreement the newest decision and the newest refusal, which outlives a later grant of its own scope.
 * Source: decision 0004.
 */
export function standingOf(decisions: readonly Decision[]): Decision[] {
  const standing = new Set<Decision>();
  for (const own of Map.groupBy(decisions, ({ agreement }) => agreement).values()) {
    for (const some of [own, own.filter(({ action }) => action !== 'grant')]) {
      const newest = newestOf(some);
      if (newest !== null) standing.add(newest);
    }
  }
  return [...standing];
}

/** The entries as they would be published, of decisions of any scopes. */
function entriesOf(decisions: readonly Decision[], publishedAt: Instant): ConsentEntry[] {
  return [...Map.groupBy(decisions, ({ scope }) => scopeKey(scope)).values()].flatMap((own) => {
    const [first] = own;
    return first === undefined ? [] : [{ schema: 'mailwarden/consent-entry/v1' as const, scope: first.scope, revision: own.length, decisions: standingOf(own).map(published), publishedAt }];
  });
}

/**
 * What a server could rely on at one instant, as far as it was recorded at another: what was decided later, or recorded later, has no say.
 * So "as known then" tells what was believed, and "as known now" what was true.
 */
export function consentAt(parts: {
  readonly decisions: readonly Decision[];
  readonly server: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly agreements: readonly AgreementOnHost[];
  readonly at: Instant;
  readonly knownAt: Instant;
}): EffectiveConsent[] {
  const { server, labels, agreements, at } = parts;
  const counted = parts.decisions.filter(({ decidedAt, recordedAt }) => decidedAt <= at && recordedAt <= parts.knownAt);
  return effectiveConsent({ entries: new EntryIndex(entriesOf(counted, at)), server, labels, agreements, at });
}
