import { canonicalJson, sha256, type Instant, type Sha256 } from '@mailwarden/kernel';

export type JsonLd = string | readonly JsonLd[] | { readonly [key: string]: JsonLd | undefined };
export type Node = { readonly [key: string]: JsonLd | undefined };

/** Prefixes of all terms in a record. Source: DPV 2.3, its guide to ISO/IEC TS 27560, DCMI Metadata Terms, DCAT 3, SPDX 2.2. */
export const CONTEXT = {
  dcat: 'http://www.w3.org/ns/dcat#',
  dct: 'http://purl.org/dc/terms/',
  dpv: 'https://w3id.org/dpv#',
  'dpv-27560': 'https://w3id.org/dpv/schema/dpv-27560#',
  pd: 'https://w3id.org/dpv/pd#',
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  skos: 'http://www.w3.org/2004/02/skos/core#',
  spdx: 'http://spdx.org/rdf/terms#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
} as const;

export const reference = (id: string): Node => ({ '@id': id });
export const urn = (uuid: string): string => `urn:uuid:${uuid}`;
export const instantValue = (at: Instant): Node => ({ '@type': 'xsd:dateTime', '@value': at });

/** A hash with its algorithm, as DCAT 3 writes it. */
export const checksum = (value: Sha256, of: string): Node => ({
  '@type': 'spdx:Checksum',
  'spdx:algorithm': reference('spdx:checksumAlgorithm_sha256'),
  'spdx:checksumValue': { '@type': 'xsd:hexBinary', '@value': value },
  'dct:description': of,
});

/** Hash of a document as the ledger states it. */
export const statedHash = (document: unknown): Sha256 => sha256(canonicalJson(document));

/** The same set of nodes always comes in one order. */
export const sorted = (nodes: readonly Node[]): Node[] => nodes.map((node) => [canonicalJson(node), node] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, node]) => node);
