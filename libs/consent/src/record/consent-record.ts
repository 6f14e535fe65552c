import type { Decision } from '@mailwarden/contracts';
import { uuidOf, type Instant } from '@mailwarden/kernel';
import { CONTEXT, instantValue, reference, urn, type Node } from './json-ld.js';
import { noticesOf } from './notices.js';
import { partiesOf } from './parties.js';
import { processesOf } from './processes.js';
import type { RecordParts } from './record-parts.js';
import { statusesOf, type Status } from './statuses.js';

/** One record or receipt, as a node of a graph. */
type Described = Node & { readonly '@id': string; readonly '@type': 'dpv:ConsentRecord' | 'dpv:ConsentReceipt' };
export type ConsentRecordDocument = Described & { readonly '@context': typeof CONTEXT };

const WORDING = 'What an organisation decided on an agreement with the vendor of a product, through its administrator. The consenting party is the organisation. It is not the consent of a person under Article 7 GDPR, and names no data subject.';

const latest = (decisions: readonly Decision[]): Instant => decisions.reduce<Instant>((last, { recordedAt }) => (recordedAt > last ? recordedAt : last), decisions[0]?.recordedAt ?? ('' as Instant));

/** An agreement's record keeps its identifier from its first decision on. */
function recordUuid({ agreement, decisions }: RecordParts): string {
  const [first] = [...decisions].sort((a, b) => (`${a.recordedAt} ${a.id}` < `${b.recordedAt} ${b.id}` ? -1 : 1));
  if (first === undefined) throw new TypeError('a record without a decision');
  return uuidOf('consent record', agreement.id, first.id);
}

function recordNode(parts: RecordParts, decisions: readonly Decision[], statuses: readonly Status[]): Described {
  const id = recordUuid(parts);
  return {
    '@id': urn(id),
    '@type': 'dpv:ConsentRecord',
    'dct:conformsTo': reference('dpv-27560:record'),
    'dct:identifier': id,
    'dpv:hasIdentifier': id,
    'dct:title': `Decisions on ${parts.agreement.title}`,
    'dct:description': WORDING,
    'dct:created': instantValue(parts.at),
    'dct:modified': instantValue(latest(decisions)),
    'dpv:hasDataSubject': reference('dpv:NotApplicable'),
    'dpv:hasEntity': partiesOf(parts.agreement, decisions),
    'dpv:hasNotice': noticesOf(parts, decisions),
    'dpv:hasProcess': processesOf(parts.agreement, decisions),
    'dpv:hasConsentStatus': statuses.map(({ node }) => node),
  };
}

/**
 * The consent record of one agreement: all that was decided on it, for all scopes. The same parts give the same bytes, in whatever order they come.
 * Shape: JSON-LD in the terms of DPV 2.3. Source: ISO/IEC TS 27560:2023 and W3C's guide to it.
 * Errors: throws TypeError without a decision.
 */
export function consentRecord(parts: RecordParts): ConsentRecordDocument {
  return { '@context': CONTEXT, ...recordNode(parts, parts.decisions, statusesOf(parts.decisions, parts.reached, parts.at)) };
}

/**
 * The receipt of one decision: the record, cut down to it. Whether it renewed an earlier one is judged by all decisions.
 * Errors: null where no decision has this identifier.
 */
export function consentReceipt(parts: RecordParts, decision: string): ConsentRecordDocument | null {
  const own = parts.decisions.filter(({ id }) => id === decision);
  if (own.length === 0) return null;
  const id = uuidOf('consent receipt', decision);
  const statuses = statusesOf(parts.decisions, parts.reached, parts.at).filter(({ node }) => node['@id'] === urn(decision));
  return {
    '@context': CONTEXT,
    '@id': urn(id),
    '@type': 'dpv:ConsentReceipt',
    'dct:conformsTo': reference('dpv-27560:receipt'),
    'dct:identifier': id,
    'dpv:hasIdentifier': id,
    'dct:created': instantValue(parts.at),
    'dpv:hasRecordOfActivity': recordNode(parts, own, statuses),
  };
}
