import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVERYTHING, receiptOf, recordOfAll } from './consent-record-sample.js';
import { expanded, type ExpandedNode } from './expanded-json-ld.js';

/** Namespaces by the vocabularies' own word, not by that of the code that is tried. */
const NAMESPACES: Readonly<Record<string, string>> = {
  dcat: 'http://www.w3.org/ns/dcat#',
  dct: 'http://purl.org/dc/terms/',
  dpv: 'https://w3id.org/dpv#',
  'dpv-27560': 'https://w3id.org/dpv/schema/dpv-27560#',
  pd: 'https://w3id.org/dpv/pd#',
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  skos: 'http://www.w3.org/2004/02/skos/core#',
  spdx: 'http://spdx.org/rdf/terms#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
};
const named = (name: string): string => {
  const colon = name.indexOf(':');
  return `${NAMESPACES[name.slice(0, colon)] ?? ''}${name.slice(colon + 1)}`;
};
const lines = readFileSync(join(import.meta.dirname, 'published-terms.txt'), 'utf8').trimEnd().split('\n').filter((line) => !line.startsWith('#'));
const PUBLISHED: ReadonlySet<string> = new Set(lines.map(named));
const unpublished = (document: object): string[] => [...expanded(document).terms].filter((term) => !PUBLISHED.has(term)).sort();

const at = (node: ExpandedNode, path: readonly string[]): (string | ExpandedNode)[] => path.reduce<(string | ExpandedNode)[]>((nodes, step) => nodes.flatMap((one) => (typeof one === 'string' ? [] : (one.get(step.startsWith('@') ? step : named(step)) ?? []))), [node]);

const PARTY = ['dpv:hasEntity'];
const PROCESS = ['dpv:hasProcess'];
const EVENT = ['dpv:hasConsentStatus'];
/** Fields that TS 27560 requires of a record, by its own names: the node that carries it, and the path from there. */
const REQUIRED: readonly (readonly [field: string, of: readonly string[], path: readonly string[]])[] = [
  ['schema_version', [], ['dct:conformsTo', '@id']],
  ['record_id', [], ['dpv:hasIdentifier']],
  ['pii_principal_id', [], ['dpv:hasDataSubject', '@id']],
  ['privacy_notice', [], ['dpv:hasNotice', '@id']],
  ['language', ['dpv:hasNotice'], ['dct:language']],
  ['purpose', PROCESS, ['dpv:hasPurpose', 'dct:description']],
  ['pii_information', PROCESS, ['dpv:hasPersonalData']],
  ['pii_type', [...PROCESS, 'dpv:hasPersonalData'], ['@type']],
  ['pii_controllers', PROCESS, ['dpv:hasDataController', '@id']],
  ['storage_locations', PROCESS, ['dpv:hasStorageCondition', 'dct:description']],
  ['retention_period', PROCESS, ['dpv:hasStorageCondition', 'dct:description']],
  ['jurisdiction', PROCESS, ['dpv:hasJurisdiction', '@type']],
  ['recipient_third_parties', PROCESS, ['dpv:hasRecipient', '@id']],
  ['withdrawal_method', PROCESS, ['dpv:hasConsentControl', 'dct:description']],
  ['party_id', PARTY, ['dpv:hasIdentifier']],
  ['party_address', PARTY, ['dpv:hasAddress']],
  ['party_name', PARTY, ['dpv:hasName']],
  ['party_contact', PARTY, ['dpv:hasContact']],
  ['party_type', PARTY, ['@type']],
  ['event_time', EVENT, ['dpv:isIndicatedAtTime', '@value']],
  ['validity_duration', EVENT, ['dpv:hasDuration', 'rdf:value']],
  ['entity_id', EVENT, ['dpv:isIndicatedBy', '@id']],
  ['event_type', EVENT, ['dpv:hasLegalBasis', 'dct:title']],
  ['event_state', EVENT, ['@type']],
];
const missing = (record: ExpandedNode): string[] => REQUIRED.filter(([, of, path]) => {
  const carriers = at(record, of);
  return carriers.length === 0 || carriers.some((node) => typeof node === 'string' || at(node, path).length === 0);
}).map(([field]) => field);

/** Where a node is named and where it is described must agree. */
function dangling(root: ExpandedNode): string[] {
  const described = new Set<string>();
  const referred = new Set<string>();
  const walk = (node: ExpandedNode): void => {
    const [id] = node.get('@id') ?? [];
    if (typeof id === 'string' && id.startsWith('urn:')) (node.size === 1 ? referred : described).add(id);
    for (const value of [...node.values()].flat()) if (typeof value !== 'string') walk(value);
  };
  walk(root);
  return [...referred].filter((id) => !described.has(id));
}

const DOCUMENTS: readonly (readonly [string, () => object])[] = [['a record of every kind of event', recordOfAll], ...EVERYTHING.decisions.map((_, index) => [`the receipt of decision ${index + 1}`, () => receiptOf(index + 1)] as const)];

describe('a consent record against the published vocabularies', () => {
  it('has a list of published names that is sorted, without doubles, and large enough to be the whole vocabulary', () => {
    expect(lines).toEqual([...new Set(lines)].sort());
    expect(lines.filter((line) => line.startsWith('dpv:')).length).toBeGreaterThan(1_000);
    expect(lines.filter((line) => NAMESPACES[line.slice(0, line.indexOf(':'))] === undefined)).toEqual([]);
  });

  it.each(DOCUMENTS)('%s uses published terms alone, and names nothing that it does not describe', (_what, make) => {
    expect(unpublished(make())).toEqual([]);
    expect(dangling(expanded(make()).root)).toEqual([]);
    expect(expanded(make()).terms.size).toBeGreaterThan(40);
  });

  it.each<[string, (record: Record<string, unknown>) => object, RegExp]>([
    ['a made-up property', (record) => ({ ...record, 'dpv:hasAgreementState': 'granted' }), /dpv#hasAgreementState/],
    ['a made-up type', (record) => ({ ...record, '@type': 'dpv:ConsentLedger' }), /dpv#ConsentLedger/],
    ['a made-up status deep inside', (record) => ({ ...record, 'dpv:hasConsentStatus': [{ '@type': 'dpv:ConsentHalfGiven' }] }), /dpv#ConsentHalfGiven/],
    ['a made-up datatype', (record) => ({ ...record, 'dct:created': { '@type': 'xsd:moment', '@value': '1' } }), /XMLSchema#moment/],
    ['a made-up category of data', (record) => ({ ...record, 'skos:broader': { '@id': 'pd:MailBody' } }), /pd#MailBody/],
    ['a prefix that leads elsewhere', (record) => ({ ...record, '@context': { ...(record['@context'] as object), dpv: 'https://example.org/dpv#' } }), /example\.org/],
  ])('finds %s', (_what, spoil, name) => {
    expect(unpublished(spoil(recordOfAll())).join(' ')).toMatch(name);
  });

  it('finds a key that no context resolves', () => {
    expect(() => unpublished({ ...recordOfAll(), note: 'x' })).toThrow(/does not resolve note/);
    expect(() => unpublished({ ...recordOfAll(), 'dpw:hasNotice': 'x' })).toThrow(/does not resolve dpw:hasNotice/);
  });
});

describe('a consent record against the fields that ISO/IEC TS 27560 requires', () => {
  it('has each of them, on every node that must carry it', () => {
    expect(missing(expanded(recordOfAll()).root)).toEqual([]);
    expect(dangling(expanded({ ...recordOfAll(), 'dpv:hasEntity': [] }).root).length).toBeGreaterThan(3);
  });

  it.each(EVERYTHING.decisions.map((_, index) => index + 1))('has them in the receipt of decision %i as well, beside those of a receipt', (n) => {
    const { root } = expanded(receiptOf(n));
    for (const path of [['dct:conformsTo', '@id'], ['dpv:hasIdentifier'], ['dct:created', '@value']]) expect(at(root, path)).toHaveLength(1);
    const [record] = at(root, ['dpv:hasRecordOfActivity']);
    expect(missing(record as ExpandedNode)).toEqual([]);
    expect(at(root, ['dpv:hasRecordOfActivity', ...EVENT])).toHaveLength(1);
  });

  it.each(REQUIRED.map(([field, of, path]) => [field, of, path] as const))('misses %s where one node lacks it', (field, of, path) => {
    const spoiled = without(recordOfAll() as Record<string, unknown>, of, path[0] ?? '');
    expect(missing(expanded(spoiled).root)).toContain(field);
  });

  it('explains each of them on the page for auditors', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/consent-record.md'), 'utf8');
    for (const [field, , path] of REQUIRED) {
      expect(page, field).toContain(`\`${field}\``);
      if (!path[0]?.startsWith('@')) expect(page, field).toContain(`\`${path[0] ?? ''}\``);
    }
    for (const type of ['ConsentGiven', 'RenewedConsentGiven', 'ConsentRefused', 'ConsentWithdrawn', 'ConsentExpired']) expect(page).toContain(`\`dpv:${type}\``);
  });
});

/** The document, with one key taken off the last of the nodes that carry it. */
function without(document: Record<string, unknown>, of: readonly string[], key: string): Record<string, unknown> {
  const copy = structuredClone(document);
  const carrier = of.reduce<Record<string, unknown>>((node, step) => [node[step]].flat().at(-1) as Record<string, unknown>, copy);
  delete carrier[key];
  return copy;
}
