import type { Decision } from '@mailwarden/contracts';
import { uuidOf } from '@mailwarden/kernel';
import { sorted, urn, type Node } from './json-ld.js';
import type { RecordedAgreement } from './record-parts.js';

const NOT_RECORDED = 'not recorded by Mailwarden';

/** Within one agreement's record a party is the same wherever it is named. */
const partyId = (agreement: string, role: string, name: string): string => urn(uuidOf('party', agreement, role, name));
export const organisationId = ({ agreement, onBehalfOf }: Decision): string => partyId(agreement, 'organisation', onBehalfOf);
const personId = (agreement: string, name: string): string => partyId(agreement, 'representative', name);
export const representativeId = ({ agreement, decidedBy }: Decision): string => personId(agreement, decidedBy);
/** The second person of a decision; null where it took one. */
export const confirmerId = ({ agreement, confirmedBy }: Decision): string | null => (confirmedBy === undefined ? null : personId(agreement, confirmedBy));
/** Each account with one decision that it took part in. */
const takingPart = (decisions: readonly Decision[]): { readonly id: string; readonly name: string; readonly organisation: string }[] =>
  decisions.flatMap((decision) => [decision.decidedBy, ...(decision.confirmedBy === undefined ? [] : [decision.confirmedBy])].map((name) => ({ id: personId(decision.agreement, name), name, organisation: organisationId(decision) })));
export const recipientId = ({ id }: RecordedAgreement, name: string): string => partyId(id, 'recipient', name);

/** What TS 27560 wants of each party. Mailwarden keeps no addresses of parties, and says so in their place. */
const party = (id: string, types: readonly string[], name: string, description: string, more: Node = {}): Node => ({
  '@id': id,
  '@type': types,
  'dpv:hasIdentifier': id,
  'dpv:hasName': name,
  'dct:description': description,
  'dpv:hasAddress': NOT_RECORDED,
  'dpv:hasContact': NOT_RECORDED,
  ...more,
});

/** Names of all who receive: the vendor, and what flows name beside it. */
export const recipientsOf = ({ vendor, flows }: RecordedAgreement): string[] => [...new Set([vendor, ...flows.flatMap(({ recipient }) => recipient ?? [])])].sort();

/** The organisations that agreed or refused, the people who spoke for them, the vendor and other recipients. */
export function partiesOf(agreement: RecordedAgreement, decisions: readonly Decision[]): Node[] {
  const organisations = new Map(decisions.map((decision) => [organisationId(decision), decision.onBehalfOf]));
  const people = Map.groupBy(takingPart(decisions), ({ id }) => id);
  return sorted([
    ...[...organisations].map(([id, name]) => party(id, ['dpv:Organisation'], name, 'The consenting party: this organisation decides, through its administrator.')),
    ...[...people].map(([id, own]) =>
      party(id, ['dpv:Representative'], own[0]?.name ?? '', 'Account that decided for the organisation; no data subject of this record.', {
        'dpv:isRepresentativeFor': sorted([...new Set(own.map(({ organisation }) => organisation))].map((organisation) => ({ '@id': organisation }))),
      }),
    ),
    ...recipientsOf(agreement).map((name) =>
      name === agreement.vendor
        ? party(recipientId(agreement, name), ['dpv:DataController', 'dpv:Organisation', 'dpv:Recipient'], name, 'Vendor of the product: the party that the decision is made towards. What it is by law, of data that it receives, its agreement says.')
        : party(recipientId(agreement, name), ['dpv:Organisation', 'dpv:Recipient'], name, 'Receives what a flow of the product sends.'),
    ),
  ]);
}
