import { scopeKey, type ConsentScope, type Decision } from '@mailwarden/contracts';
import { uuidOf, type Instant } from '@mailwarden/kernel';
import { isLater } from '../standing-decisions.js';
import { checksum, instantValue, reference, statedHash, urn, type Node } from './json-ld.js';
import { noticeId } from './notices.js';
import { confirmerId, organisationId, representativeId } from './parties.js';
import { placeOf } from './processes.js';
import type { Reach } from './record-parts.js';

/** One event in the life of a consent, and the decision that it belongs to. */
export interface Status {
  readonly at: Instant;
  readonly decision: string;
  readonly node: Node;
}

const REFUSALS = { decline: 'dpv:ConsentRefused', withdraw: 'dpv:ConsentWithdrawn' } as const;
/** Servers named in one statement; further ones are counted. */
const NAMED_MAX = 200;

const KIND: Node = {
  '@type': 'dpv:LegalBasis',
  'dct:title': 'Expressed decision of the organisation',
  'dct:description': 'How it was decided: expressly, by the organisation\'s administrator. It is not the consent of a person under Article 7 GDPR. On which legal basis personal data is processed is not recorded here.',
};

function scopeWords(scope: ConsentScope): string {
  if (scope.kind === 'organisation') return 'the organisation';
  return scope.kind === 'group' ? `servers with the label ${scope.label}=${scope.value}` : `the server ${scope.server}`;
}

const scopeNode = (scope: ConsentScope): Node => ({ '@type': 'dpv:Scope', 'dct:identifier': scopeKey(scope), 'dct:title': scopeWords(scope) });
const untilEvent = (event: string): Node => ({ '@type': 'dpv:UntilEventDuration', 'rdf:value': event });

function reachNode({ servers, attested }: Reach): Node {
  const names = attested.map(({ server }) => server).sort();
  const applied = new Set(names);
  const missing = servers.filter((server) => !applied.has(server)).sort();
  const lastAt = attested.reduce<Instant | null>((last, { at }) => (last === null || at > last ? at : last), null);
  const list = (all: readonly string[]): string => `${all.slice(0, NAMED_MAX).join(', ')}${all.length > NAMED_MAX ? ` and ${all.length - NAMED_MAX} more` : ''}`;
  return {
    '@type': 'dct:ProvenanceStatement',
    'dct:description': `${names.length} of ${servers.length} servers of the scope attested by their signature that they applied it, or a later decision of the scope${missing.length === 0 ? '' : `; not yet: ${list(missing)}`}.`,
    ...(names.length === 0 ? {} : { 'dct:contributor': { '@type': 'dct:Agent', 'dct:title': list(names) } }),
    ...(lastAt === null ? {} : { 'dct:date': instantValue(lastAt) }),
  };
}

function decidedStatus(decision: Decision, before: Decision | undefined, reach: Reach | undefined): Status {
  const { id, action, decidedAt, recordedAt, validUntil } = decision;
  const type = action !== 'grant' ? REFUSALS[action] : before?.action === 'grant' ? 'dpv:RenewedConsentGiven' : 'dpv:ConsentGiven';
  const confirmer = confirmerId(decision);
  const node: Node = {
    '@id': urn(id),
    '@type': type,
    'dct:identifier': id,
    'dpv:hasLegalBasis': KIND,
    'dpv:isIndicatedAtTime': instantValue(decidedAt),
    'dct:created': instantValue(recordedAt),
    'dpv:isIndicatedBy': reference(organisationId(decision)),
    'dpv:isImplementedByEntity': confirmer === null ? reference(representativeId(decision)) : [representativeId(decision), confirmer].map(reference),
    'dpv:hasIndicationMethod': decision.means,
    'dpv:hasJustification': { '@type': 'dpv:Justification', 'dct:description': decision.reason },
    'dpv:hasScope': scopeNode(decision.scope),
    'dpv:hasNotice': reference(noticeId(decision)),
    'dpv:hasJurisdiction': placeOf(decision.region ?? null),
    'dpv:hasDuration': validUntil === null ? untilEvent('a later decision for this scope, or a refusal for a wider one') : { '@type': 'dpv:UntilTimeDuration', 'rdf:value': instantValue(validUntil) },
    'spdx:checksum': checksum(statedHash(decision), 'SHA-256 of the decision\'s canonical JSON (RFC 8785): the ledger states it in the evidence of kind decision with this identifier.'),
    ...(reach === undefined ? {} : { 'dct:provenance': reachNode(reach) }),
  };
  return { at: decidedAt, decision: id, node };
}

function expiredStatus(grant: Decision, until: Instant): Status {
  const id = uuidOf('consent expired', grant.id);
  const node: Node = {
    '@id': urn(id),
    '@type': 'dpv:ConsentExpired',
    'dct:identifier': id,
    'dct:description': 'Ended by itself: the decision that it relates to set this end.',
    'dct:relation': reference(urn(grant.id)),
    'dpv:hasLegalBasis': KIND,
    'dpv:isIndicatedAtTime': instantValue(until),
    'dpv:isIndicatedBy': reference(organisationId(grant)),
    'dpv:isImplementedByEntity': reference(representativeId(grant)),
    'dpv:hasScope': scopeNode(grant.scope),
    'dpv:hasNotice': reference(noticeId(grant)),
    'dpv:hasDuration': untilEvent('a later decision for this scope'),
  };
  return { at: until, decision: grant.id, node };
}

/** A grant ends at its own end where nothing of its scope ended it before. */
const hasExpired = (grant: Decision, next: Decision | undefined, at: Instant): grant is Decision & { validUntil: Instant } =>
  grant.action === 'grant' && grant.validUntil !== null && grant.validUntil <= at && (next === undefined || next.decidedAt >= grant.validUntil);

/** Everything that happened to the consent, the earliest first: given, renewed, refused, withdrawn, expired. */
export function statusesOf(decisions: readonly Decision[], reached: readonly Reach[], at: Instant): Status[] {
  const reachOf = new Map(reached.map((reach) => [reach.decision, reach]));
  const statuses = [...Map.groupBy(decisions, ({ scope }) => scopeKey(scope)).values()].flatMap((own) => {
    const inOrder = [...own].sort((a, b) => (isLater(a, b) ? 1 : isLater(b, a) ? -1 : a.id < b.id ? -1 : 1));
    return inOrder.flatMap((decision, index) => {
      const decided = decidedStatus(decision, inOrder[index - 1], reachOf.get(decision.id));
      return hasExpired(decision, inOrder[index + 1], at) ? [decided, expiredStatus(decision, decision.validUntil)] : [decided];
    });
  });
  const order = ({ at: when, node }: Status): string => `${when} ${String(node['@id'])}`;
  return statuses.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}
