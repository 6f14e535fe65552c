import type { Decision } from '@mailwarden/contracts';
import { reference, sorted, type Node } from './json-ld.js';
import { recipientId } from './parties.js';
import type { RecordedAgreement, RecordedFlow } from './record-parts.js';

const UNSAID_DATA: Node = { '@type': 'dpv:PersonalData', 'dct:description': 'The profile of the product names no categories: what is sent, the text of the agreement says.' };

const MAIL_PARTS = ['subject', 'body', 'attachments'] as const;
/** Categories of profiles in the words of DPV's taxonomy of personal data, where it has one. */
const WIDER: Readonly<Record<string, string>> = {
  ...Object.fromEntries(MAIL_PARTS.map((part) => [`mail.${part}`, 'pd:EmailContent'])),
  'mail.sender-ip': 'pd:IPAddress',
  'mail.addresses': 'pd:EmailAddress',
  'mail.headers': 'pd:CommunicationsMetadata',
  'mail.delivery': 'pd:CommunicationsMetadata',
  'mail.flags': 'pd:CommunicationsMetadata',
  'statistics.addresses': 'pd:EmailAddress',
  'account.web-interface': 'pd:Username',
  'account.web-interface-ip': 'pd:IPAddress',
  'account.directory': 'pd:AccountIdentifier',
  'account.mailbox-users': 'pd:Username',
  'account.mailbox-users-ip': 'pd:IPAddress',
  'account.system': 'pd:Username',
  'account.system-ip': 'pd:IPAddress',
  'account.administrator': 'pd:Username',
  'settings.address-lists': 'pd:EmailAddress',
  'settings.forwarding': 'pd:EmailAddress',
};

function dataOf(flow: RecordedFlow | null): Node[] {
  if (flow?.dataCategories == null || flow.dataCategories.length === 0) return [UNSAID_DATA];
  return sorted(flow.dataCategories.map(({ id, title }) => {
    const wider = WIDER[id];
    return { '@type': 'dpv:PersonalData', 'dct:identifier': id, 'dct:title': title, ...(wider === undefined ? {} : { 'skos:broader': reference(wider) }) };
  }));
}

/** A place is the region label of servers; no country is read into it. */
export const placeOf = (region: string | null): Node => ({ '@type': 'dpv:Location', ...(region === null ? { 'dct:description': 'Any region: the decision names none.' } : { 'dct:identifier': region }) });

function processOf(agreement: RecordedAgreement, flow: RecordedFlow | null, regions: Node[]): Node {
  return {
    '@type': 'dpv:Process',
    'dct:identifier': flow?.id ?? agreement.id,
    'dct:title': flow?.title ?? agreement.title,
    'dpv:hasPurpose': sorted(agreement.gates.map((gate) => ({ '@type': 'dpv:Purpose', 'dct:description': gate }))),
    'dpv:hasPersonalData': dataOf(flow),
    'dpv:hasProcessing': reference(flow === null ? 'dpv:Use' : 'dpv:Transfer'),
    'dpv:hasDataController': reference(recipientId(agreement, agreement.vendor)),
    'dpv:hasRecipient': reference(recipientId(agreement, flow?.recipient ?? agreement.vendor)),
    'dpv:hasService': { '@type': 'dpv:Service', 'dct:title': agreement.product },
    'dpv:hasStorageCondition': { '@type': 'dpv:StorageCondition', 'dct:description': 'Where and for how long the recipient keeps it is not known here: the text of the agreement says.' },
    'dpv:hasJurisdiction': regions,
    'dpv:hasConsentControl': { '@type': 'dpv:WithdrawConsent', 'dct:description': `In the console, page Consent, or by command: mailwarden consent withdraw ${agreement.id}` },
  };
}

/** What the agreement gates: one process for each flow that needs it, or one for the agreement itself where no flow does. */
export function processesOf(agreement: RecordedAgreement, decisions: readonly Decision[]): Node[] {
  const regions = sorted([...new Set(decisions.map(({ region }) => region ?? null))].map(placeOf));
  const flows = agreement.flows.length === 0 ? [null] : [...agreement.flows].sort((a, b) => (a.id < b.id ? -1 : 1));
  return flows.map((flow) => processOf(agreement, flow, regions));
}
