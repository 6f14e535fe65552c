import type { AgreementText, Decision } from '@mailwarden/contracts';
import { uuidOf } from '@mailwarden/kernel';
import { checksum, instantValue, sorted, urn, type Node } from './json-ld.js';
import type { RecordedAgreement, RecordParts } from './record-parts.js';

/** ISO 639-2 for a language that nobody said. */
const UNDETERMINED = 'und';

/** The text that a decision is about. */
export const noticeId = ({ agreement, textSha256 }: Decision): string => urn(uuidOf('notice', agreement, textSha256 ?? 'every text'));

const everyText = (agreement: RecordedAgreement): Node => ({ 'dct:title': agreement.title, 'dct:language': UNDETERMINED, 'dct:description': 'The decision names no text: it is about every text of the agreement.' });

function oneText(agreement: RecordedAgreement, hash: NonNullable<Decision['textSha256']>, text: Omit<AgreementText, 'text'> | undefined): Node {
  // A server tells no language and no version: what is noted of a text that was only seen is no one's word.
  const given = text?.origin === 'imported' ? text : undefined;
  return {
    'dct:title': agreement.title,
    'dct:language': given?.language ?? UNDETERMINED,
    ...(given === undefined ? {} : { 'dcat:version': given.label }),
    ...(text?.effectiveAt == null ? {} : { 'dct:issued': instantValue(text.effectiveAt) }),
    'spdx:checksum': checksum(hash, 'SHA-256 of the file that holds the text.'),
    ...(text === undefined ? {} : { 'dct:provenance': { '@type': 'dct:ProvenanceStatement', 'dct:description': text.origin === 'imported' ? 'Given in by a person with the right to do so.' : 'Seen on a server, which told its hash alone.', 'dct:date': instantValue(text.seenAt) } }),
  };
}

/** The texts that decisions are about, each by hash, language and version. */
export function noticesOf({ agreement, texts }: RecordParts, decisions: readonly Decision[]): Node[] {
  const byHash = new Map(texts.map((text) => [text.textSha256, text]));
  const named = new Map(decisions.map((decision) => [noticeId(decision), decision.textSha256]));
  return sorted([...named].map(([id, hash]) => ({ '@id': id, '@type': 'dpv:ConsentNotice', 'dct:identifier': id, ...(hash === null ? everyText(agreement) : oneText(agreement, hash, byHash.get(hash))) })));
}
