import { consentReceipt, consentRecord, type ConsentRecordDocument, type RecordParts } from '@mailwarden/consent';
import type { Decision } from '@mailwarden/contracts';
import { instantOf, sha256 } from '@mailwarden/kernel';

const DAY_MS = 86_400_000;
const STARTED_MS = Date.parse('2026-03-01T09:00:00.000Z');
const day = (n: number) => instantOf(STARTED_MS + n * DAY_MS);
export const TEXT = sha256('the words of the statement');

const idOf = (n: number): string => `0b0e1c00-0000-4000-8000-${String(n).padStart(12, '0')}`;
function decision(n: number, part: Partial<Decision> = {}): Decision {
  return { id: idOf(n), agreement: 'ksn-statement', textSha256: TEXT, action: 'grant', scope: { kind: 'organisation' }, decidedBy: 'jane.doe', onBehalfOf: 'Example organisation', means: 'console', reason: 'decided by the board', decidedAt: day(n), recordedAt: day(n), validUntil: null, region: null, ...part };
}

/** One of each: given, renewed, refused, withdrawn, expired; each kind of scope; with and without text, region and end; with flows that say what they send and that do not. */
export const EVERYTHING: RecordParts = {
  agreement: {
    id: 'ksn-statement', title: 'Kaspersky Security Network Statement', product: 'A mail filter', vendor: 'A vendor', gates: ['Taking part in the network', 'Sending statistics'],
    flows: [
      { id: 'requests', title: 'Requests to the network', recipient: 'A network', dataCategories: null },
      { id: 'statistics', title: 'Statistics', recipient: null, dataCategories: [{ id: 'mail.sender-ip', title: "sender's IP address" }, { id: 'mail.body', title: 'message body' }, { id: 'any.processed', title: 'any data that is processed' }] },
    ],
  },
  texts: [{ agreement: 'ksn-statement', textSha256: TEXT, label: '2026-03', language: 'de', effectiveAt: day(-1), seenAt: day(-2), origin: 'imported' }],
  decisions: [
    decision(1),
    decision(2, { validUntil: day(20), decidedBy: 'john.roe', means: 'imported-document', decidedAt: day(1.5) }),
    decision(3, { action: 'decline', scope: { kind: 'group', label: 'role', value: 'mx' }, textSha256: null }),
    decision(4, { scope: { kind: 'server', server: 'mx-1' as never }, region: 'eu', textSha256: sha256('a text that nobody gave in') }),
    decision(5, { action: 'withdraw', scope: { kind: 'server', server: 'mx-1' as never }, onBehalfOf: 'Another organisation' }),
  ],
  reached: [{ decision: idOf(1), servers: ['mx-1', 'mx-2', 'mx-3'], attested: [{ server: 'mx-2', at: day(1.1) }, { server: 'mx-1', at: day(1.2) }] }],
  at: day(30),
};

export const recordOfAll = (): ConsentRecordDocument => consentRecord(EVERYTHING);
export const receiptOf = (n: number): ConsentRecordDocument => {
  const receipt = consentReceipt(EVERYTHING, idOf(n));
  if (receipt === null) throw new Error(`no decision ${n}`);
  return receipt;
};
