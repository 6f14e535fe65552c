import { REGION_LABEL, type ConsentState, type KsnState, type PublishedDecision } from '@mailwarden/contracts';
import type { Instant, Measured, Sha256 } from '@mailwarden/kernel';
import type { EntryIndex } from './entry-index.js';

/** One agreement as a server sees it: its id and the hash of the text that lies there. */
export interface AgreementOnHost {
  readonly id: string;
  readonly textSha256: Measured<Sha256>;
}

/** What one server may rely on for one agreement, and which decision says so. */
export interface EffectiveConsent {
  readonly agreement: string;
  readonly state: ConsentState;
  readonly because: string;
  readonly decision: string | null;
}

interface Standing {
  readonly decision: PublishedDecision;
  /** 0 organisation, 1 group, 2 server. */
  readonly narrowness: number;
  readonly scope: string;
  /** Newest refusal of this scope, also when a grant of the same scope came after it. */
  readonly lastRefusedAt: Instant | null;
}

const NARROWNESS = { organisation: 0, group: 1, server: 2 } as const;

/** Newest decision of a scope on an agreement; of two at one instant the refusal, so that haste never grants, and of two alike the one that the entry names later. */
function newest(decisions: readonly PublishedDecision[]): PublishedDecision | undefined {
  return decisions.reduce<PublishedDecision | undefined>((best, one) => (best === undefined || one.decidedAt > best.decidedAt || (one.decidedAt === best.decidedAt && (one.action !== 'grant' || best.action === 'grant')) ? one : best), undefined);
}

function standingDecisions(own: ReturnType<EntryIndex['of']>, agreement: string, at: Instant): Standing[] {
  return own.flatMap(({ scope, entry }) => {
    const decided = entry.decisions.filter((candidate) => candidate.agreement === agreement && candidate.decidedAt <= at);
    const decision = newest(decided);
    const refusal = newest(decided.filter((candidate) => candidate.action !== 'grant'));
    return decision === undefined ? [] : [{ decision, narrowness: NARROWNESS[entry.scope.kind], scope, lastRefusedAt: refusal?.decidedAt ?? null }];
  });
}

const isGrant = (standing: Standing): boolean => standing.decision.action === 'grant';

/** A refusal that stands voids every wider grant; any refusal voids, for good, the narrower grants made before it. Source: decision 0004. */
function isVoidedBy(grant: Standing, other: Standing): boolean {
  if (grant.narrowness <= other.narrowness) return !isGrant(other);
  return other.lastRefusedAt !== null && grant.decision.decidedAt <= other.lastRefusedAt;
}

function decideOne(agreement: AgreementOnHost, standing: readonly Standing[], at: Instant, region: string | undefined): EffectiveConsent {
  const told = (state: ConsentState, because: string, by: Standing | null): EffectiveConsent => ({ agreement: agreement.id, state, because, decision: by?.decision.decision ?? null });
  const refusals = standing.filter((item) => !isGrant(item)).sort((a, b) => b.narrowness - a.narrowness);
  const grants = standing.filter(isGrant).sort((a, b) => b.narrowness - a.narrowness);
  const grant = grants.find((candidate) => !standing.some((other) => isVoidedBy(candidate, other)));
  if (grant === undefined) {
    const refusal = refusals[0];
    if (refusal === undefined) return told('undecided', grants.length === 0 ? 'nobody decided on it for this server' : 'a later refusal of a wider scope ended the grant', null);
    return told(refusal.decision.action === 'withdraw' ? 'withdrawn' : 'declined', `refused for ${refusal.scope}`, refusal);
  }
  const { validUntil, textSha256 } = grant.decision;
  if (validUntil !== null && validUntil <= at) return told('expired', `the grant for ${grant.scope} was valid until ${validUntil}`, grant);
  const decidedFor = grant.decision.region ?? null;
  if (decidedFor !== null && decidedFor !== region) return told('region-changed', `granted for the region ${decidedFor}; this server ${region === undefined ? 'has no label that says its region' : `is in ${region}`}`, grant);
  if (textSha256 !== null && agreement.textSha256.known && agreement.textSha256.value !== textSha256) {
    return told('text-changed', 'the text on this server is not the one that was decided on', grant);
  }
  return told('granted', `granted for ${grant.scope}`, grant);
}

/**
 * What one server may rely on at an instant, from all published decisions.
 * Decisions of scopes that the server is not in, and decisions later than `at`, have no say.
 */
export function effectiveConsent(parts: {
  readonly entries: EntryIndex;
  readonly server: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly agreements: readonly AgreementOnHost[];
  readonly at: Instant;
}): EffectiveConsent[] {
  const own = parts.entries.of(parts.server, parts.labels);
  return parts.agreements.map((agreement) => decideOne(agreement, standingDecisions(own, agreement.id, parts.at), parts.at, parts.labels[REGION_LABEL]));
}

/** Which KSN state the decisions allow: the statement allows taking part, the supplementary one allows statistics as well. */
export function desiredKsn(effective: readonly EffectiveConsent[]): KsnState {
  const granted = new Set(effective.filter((consent) => consent.state === 'granted').map((consent) => consent.agreement));
  if (!granted.has('ksn-statement')) return 'off';
  return granted.has('supplementary-ksn-statement') ? 'extended' : 'basic';
}
