import type { Decision } from '@mailwarden/contracts';
import { canonicalJson, instantOf, sha256 } from '@mailwarden/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { consentReceipt, consentRecord, type ConsentRecordDocument } from './consent-record.js';
import type { Node } from './json-ld.js';
import type { RecordParts } from './record-parts.js';

const HOUR_MS = 3_600_000;
const at = (hour: number) => instantOf(Date.parse('2026-03-01T00:00:00.000Z') + hour * HOUR_MS);
const idOf = (n: number): string => `0b0e1c00-0000-4000-8000-${String(n).padStart(12, '0')}`;
const AGREEMENT = { id: 'eula', title: 'Licence', product: 'A filter', vendor: 'A vendor', gates: ['Running the product'], flows: [] };
const MX1 = { kind: 'server', server: 'mx-1' as never } as const;

const decision = (n: number, part: Partial<Decision> = {}): Decision => ({
  id: idOf(n), agreement: 'eula', textSha256: null, action: 'grant', scope: { kind: 'organisation' }, decidedBy: 'jane.doe', onBehalfOf: 'Example organisation', means: 'console',
  reason: 'decided by the board', decidedAt: at(n), recordedAt: at(n), validUntil: null, region: null, ...part,
});
const partsOf = (decisions: readonly Decision[], more: Partial<RecordParts> = {}): RecordParts => ({ agreement: AGREEMENT, texts: [], decisions, reached: [], at: at(100), ...more });
const statuses = (document: ConsentRecordDocument): Node[] => document['dpv:hasConsentStatus'] as unknown as Node[];
const told = (decisions: readonly Decision[]): string[] => statuses(consentRecord(partsOf(decisions))).map((node) => `${String(node['@type']).slice('dpv:Consent'.length)} ${String((node['dpv:isIndicatedAtTime'] as Node)['@value']).slice(5, 13)}`);

describe('the events of a consent record', () => {
  it('tell a first grant from a renewed one, and a grant after a refusal from both', () => {
    expect(told([decision(1), decision(2), decision(3, { action: 'withdraw' }), decision(4), decision(5, { action: 'decline' })])).toEqual([
      'Given 03-01T01', 'ConsentGiven 03-01T02', 'Withdrawn 03-01T03', 'Given 03-01T04', 'Refused 03-01T05',
    ]);
  });

  it('follow the instants of the decisions, not those at which they were recorded', () => {
    expect(told([decision(5), decision(9, { decidedAt: at(2) })])).toEqual(['Given 03-01T02', 'ConsentGiven 03-01T05']);
  });

  it('keep scopes apart: a grant for one server renews none of the organisation', () => {
    expect(told([decision(1), decision(2, { scope: MX1 })])).toEqual(['Given 03-01T01', 'Given 03-01T02']);
  });

  it.each<[string, readonly Decision[], readonly string[]]>([
    ['that ends has expired then', [decision(1, { validUntil: at(10) })], ['Given 03-01T01', 'Expired 03-01T10']],
    ['whose end is still to come has not', [decision(1, { validUntil: at(101) })], ['Given 03-01T01']],
    ['that was withdrawn before its end has not expired as well', [decision(1, { validUntil: at(10) }), decision(9, { action: 'withdraw' })], ['Given 03-01T01', 'Withdrawn 03-01T09']],
    ['that was withdrawn after its end has', [decision(1, { validUntil: at(10) }), decision(11, { action: 'withdraw' })], ['Given 03-01T01', 'Expired 03-01T10', 'Withdrawn 03-01T11']],
  ])('a grant %s', (_what, decisions, events) => expect(told(decisions)).toEqual(events));

  it('never let a refusal expire', () => expect(told([decision(1, { action: 'decline', validUntil: at(10) })])).toEqual(['Refused 03-01T01']));

  it('say how far each has reached, and count servers beyond those that are named', () => {
    const servers = Array.from({ length: 300 }, (_, n) => `mx-${String(n).padStart(3, '0')}`);
    const reached = [{ decision: idOf(1), servers, attested: servers.slice(0, 250).map((server, n) => ({ server, at: at(n / 250) })) }];
    const [event] = statuses(consentRecord(partsOf([decision(1)], { reached })));
    const provenance = event?.['dct:provenance'] as Node;
    expect(provenance['dct:description']).toMatch(/^250 of 300 servers .*not yet: mx-250, .*, mx-299\.$/);
    expect((provenance['dct:contributor'] as Node)['dct:title']).toMatch(/^mx-000, .*mx-199 and 50 more$/);
    expect(provenance['dct:date']).toMatchObject({ '@value': at(249 / 250) });
  });
});

describe('a text in a consent record', () => {
  const hash = sha256('words');
  const noticeWith = (origin: 'imported' | 'seen'): unknown => consentRecord(partsOf([decision(1, { textSha256: hash })], { texts: [{ agreement: 'eula', textSha256: hash, label: '2026-03', language: 'de', effectiveAt: null, seenAt: at(0), origin }] }))['dpv:hasNotice'];

  it('has the language and version that a person gave, and neither where it was only seen on a server', () => {
    expect(noticeWith('imported')).toMatchObject([{ 'dct:language': 'de', 'dcat:version': '2026-03', 'spdx:checksum': { 'spdx:checksumValue': { '@value': hash } } }]);
    expect(noticeWith('seen')).toMatchObject([{ 'dct:language': 'und', 'spdx:checksum': { 'spdx:checksumValue': { '@value': hash } } }]);
    expect(JSON.stringify(noticeWith('seen'))).not.toContain('dcat:version');
  });
});

const someDecision = fc.record({
  action: fc.constantFrom('grant' as const, 'decline' as const, 'withdraw' as const),
  scope: fc.constantFrom<Decision['scope']>({ kind: 'organisation' }, { kind: 'group', label: 'a.b', value: 'mx' }, MX1),
  decidedBy: fc.constantFrom('jane.doe', 'john.roe'), onBehalfOf: fc.constantFrom('One', 'Two'), reason: fc.string({ minLength: 1 }).filter((text) => text.isWellFormed()),
  means: fc.constantFrom('console' as const, 'imported-document' as const), region: fc.constantFrom(null, 'eu'), validUntil: fc.constantFrom(null, at(20)), textSha256: fc.constantFrom(null, sha256('words')),
  decidedAt: fc.integer({ min: 0, max: 6 }).map(at),
});
const someDecisions = fc.array(someDecision, { minLength: 1, maxLength: 12 }).map((all) => all.map((part, n) => decision(n + 7, part)));

const ACTIONS: Readonly<Record<string, Decision['action']>> = { 'dpv:ConsentGiven': 'grant', 'dpv:RenewedConsentGiven': 'grant', 'dpv:ConsentRefused': 'decline', 'dpv:ConsentWithdrawn': 'withdraw' };
const inside = (node: Node | undefined, ...path: readonly string[]): string => path.reduce<unknown>((value, key) => (value as Node | undefined)?.[key], node) as string;
const hashIn = (node: Node | undefined): string => inside(node, 'spdx:checksum', 'spdx:checksumValue', '@value');
function scopeFrom(title: string): object {
  const [, label, value] = /^servers with the label ([^=]+)=(.+)$/.exec(title) ?? [];
  if (label !== undefined) return { kind: 'group', label, value };
  return title === 'the organisation' ? { kind: 'organisation' } : { kind: 'server', server: title.slice('the server '.length) };
}
/** The decision as an auditor puts it together again. Source: docs/consent-record.md. */
function rebuilt(record: ConsentRecordDocument, event: Node): object {
  const described = (list: string, property: string): Node | undefined => (record[list] as unknown as Node[]).find((node) => node['@id'] === inside(event, property, '@id'));
  return {
    id: event['dct:identifier'], agreement: 'eula', textSha256: hashIn(described('dpv:hasNotice', 'dpv:hasNotice')) ?? null, action: ACTIONS[String(event['@type'])], scope: scopeFrom(inside(event, 'dpv:hasScope', 'dct:title')),
    decidedBy: described('dpv:hasEntity', 'dpv:isImplementedByEntity')?.['dpv:hasName'], onBehalfOf: described('dpv:hasEntity', 'dpv:isIndicatedBy')?.['dpv:hasName'], means: event['dpv:hasIndicationMethod'],
    reason: inside(event, 'dpv:hasJustification', 'dct:description'), decidedAt: inside(event, 'dpv:isIndicatedAtTime', '@value'), recordedAt: inside(event, 'dct:created', '@value'),
    validUntil: inside(event, 'dpv:hasDuration', 'rdf:value', '@value') ?? null, region: inside(event, 'dpv:hasJurisdiction', 'dct:identifier') ?? null,
  };
}

describe('a consent record', () => {
  it('is the same bytes in whatever order its parts come', () => {
    fc.assert(fc.property(someDecisions.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))), ([all, shuffled]) => {
      expect(JSON.stringify(consentRecord(partsOf(shuffled)))).toBe(JSON.stringify(consentRecord(partsOf(all))));
    }));
  });

  it('has every decision once, with the hash that the ledger states of it; and each has its receipt, which says the same', () => {
    fc.assert(fc.property(someDecisions, (all) => {
      const parts = partsOf(all);
      const byId = new Map(statuses(consentRecord(parts)).map((node) => [node['@id'], node]));
      for (const one of all) {
        const own = byId.get(`urn:uuid:${one.id}`);
        expect(own?.['spdx:checksum']).toMatchObject({ 'spdx:checksumValue': { '@value': sha256(canonicalJson(one)) } });
        const receipt = consentReceipt(parts, one.id);
        expect((receipt?.['dpv:hasRecordOfActivity'] as unknown as ConsentRecordDocument | undefined)?.['dpv:hasConsentStatus']).toEqual([own]);
      }
      expect([...byId.values()].filter((node) => node['@type'] !== 'dpv:ConsentExpired')).toHaveLength(all.length);
    }));
  });

  it('holds every field of each decision, so that its hash can be computed from the record alone', () => {
    fc.assert(fc.property(someDecisions, (all) => {
      const record = consentRecord(partsOf(all));
      const told = statuses(record).filter((node) => node['@type'] !== 'dpv:ConsentExpired');
      expect(told.map((event) => sha256(canonicalJson(rebuilt(record, event))))).toEqual(told.map((event) => hashIn(event)));
    }));
  });

  it('keeps its identifier when further decisions come', () => {
    expect(consentRecord(partsOf([decision(1)]))['@id']).toBe(consentRecord(partsOf([decision(1), decision(2)]))['@id']);
    expect(consentRecord(partsOf([decision(1)]))['@id']).not.toBe(consentRecord(partsOf([decision(2)]))['@id']);
  });

  it('names the organisation as the consenting party, no data subject, and no consent of the law in a term', () => {
    const document = consentRecord(partsOf([decision(1)]));
    expect(document['dpv:hasDataSubject']).toEqual({ '@id': 'dpv:NotApplicable' });
    expect(document['dct:description']).toContain('The consenting party is the organisation. It is not the consent of a person under Article 7 GDPR');
    expect(JSON.stringify(document)).not.toMatch(/eu-gdpr|"dpv:(Consent|ExpressedConsent|ExplicitlyExpressedConsent|DataSubject)"/);
  });

  it('is none without a decision, and a receipt is none of a decision that is not there', () => {
    expect(() => consentRecord(partsOf([]))).toThrow(TypeError);
    expect(consentReceipt(partsOf([decision(1)]), idOf(2))).toBeNull();
  });
});
