import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  agentSource,
  answerPaper,
  attestation,
  checkpoint,
  credentialRequest,
  deadLetter,
  EVENT_NAMES,
  eventData,
  eventType,
  evidence,
  heartbeat,
  MESSAGE_TYPES,
  observation,
  openEnvelope,
  sealEnvelope,
  SERVICE_QUERIES,
  signedConsentEntry,
  signedCredentialAnswer,
  signedEnrolmentAnswer,
  signedMembership,
  signedPolicyBundle,
  signedReceipt,
  signedRotationOrder,
  SIGNING_CONTEXTS,
  textTold,
  type Envelope,
} from '@mailwarden/contracts';
import { verifySignature, type SignedDocument } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SAMPLE_SERVER, sampleSigner } from './golden-keys.js';

const GOLDEN = join(import.meta.dirname, 'golden');
const bytesOf = (name: string): Buffer => readFileSync(join(GOLDEN, name));
const jsonOf = <T>(name: string): T => JSON.parse(bytesOf(name).toString('utf8')) as T;

const digests = jsonOf<Record<string, string>>('digests.json');
/** Public keys as they were when the samples were sealed. */
const keys = jsonOf<Record<string, string>>('keys.json');
const signedCheckpoint = z.object({ payload: checkpoint, keyId: z.string(), signature: z.string() });

/** What each message of version 1 carries. A message type without a sample does not compile. */
const MESSAGES: Readonly<Record<keyof typeof MESSAGE_TYPES, z.ZodType>> = { observation, heartbeat, receipt: signedReceipt, attestation, order: signedRotationOrder, evidence, textTold, question: SERVICE_QUERIES['rotation.decide'].request, answer: answerPaper(SERVICE_QUERIES['rotation.apply'].reply), credentialAsked: credentialRequest };
const TYPES: Readonly<Record<string, z.ZodType>> = {
  ...Object.fromEntries(Object.entries(MESSAGES).map(([name, form]) => [MESSAGE_TYPES[name as keyof typeof MESSAGE_TYPES], form])),
  ...Object.fromEntries(EVENT_NAMES.map((name) => [eventType(name), eventData(name)])),
};
const ENVELOPES = [...Object.keys(MESSAGES).map((name) => `${name}.v1.json`), ...EVENT_NAMES.map((name) => `event-${name}.v1.json`)];

/** Signed documents, alone or inside a message: form, context and whose word it is. */
const DOCUMENTS: readonly [name: string, form: z.ZodType, context: keyof typeof SIGNING_CONTEXTS, by: string][] = [
  ['bundle.v1.json', signedPolicyBundle, 'bundle', 'mailwarden/rotation'],
  ['consent-entry.v1.json', signedConsentEntry, 'consent', 'mailwarden/consent'],
  ['membership.v1.json', signedMembership, 'membership', 'mailwarden/reporting'],
  ['checkpoint.v1.json', signedCheckpoint, 'checkpoint', 'mailwarden/reporting'],
  ['enrolment-answer.v1.json', signedEnrolmentAnswer, 'enrolmentAnswer', 'mailwarden/reporting'],
  ['credential-answer.v1.json', signedCredentialAnswer, 'credentialAnswer', 'mailwarden/reporting'],
  ['order.v1.json', signedRotationOrder, 'order', 'mailwarden/rotation'],
  ['receipt.v1.json', signedReceipt, 'receipt', 'executor'],
];
const documentOf = (name: string): SignedDocument<unknown> => {
  const json = jsonOf<SignedDocument<unknown> | Envelope<SignedDocument<unknown>>>(name);
  return 'data' in json ? json.data : json;
};

const open = (bytes: Uint8Array, subject: string) => openEnvelope(bytes, { subject, types: TYPES, keyOf: (source) => keys[source] });
/** The same message with other members, sealed again by its own origin. */
const resealed = (message: Envelope, change: Partial<Envelope>): Uint8Array => Buffer.from(JSON.stringify(sealEnvelope(sampleSigner(message.source), { ...message, ...change })));

/** Objects whose keys are names of something, so that no member can be added to them. */
const MAPS = new Set(['labels', 'revisions', 'settings', 'written', 'facts']);
function withNewMembers(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withNewMembers(item));
  if (value === null || typeof value !== 'object') return value;
  const members = Object.fromEntries(Object.entries(value).map(([name, child]) => [name, withNewMembers(child, name)]));
  return MAPS.has(key) ? members : { ...members, 'member-of-a-later-version': { anything: [1, 'two', null] } };
}

describe('golden samples', () => {
  it('are what they were when they were released', () => {
    const found = readdirSync(GOLDEN).filter((name) => !['digests.json', 'keys.json'].includes(name));
    const now = Object.fromEntries(found.map((name) => [name, createHash('sha256').update(bytesOf(name)).digest('hex')]));
    expect(now, 'a released message is understood for ever: put the sample back, and add a new version beside it').toEqual(digests);
  });

  it('are there for every message, event and signed document, and for nothing else', () => {
    expect(new Set(Object.keys(digests))).toEqual(new Set([...ENVELOPES, ...DOCUMENTS.map(([name]) => name), 'dead-letter.v1.json']));
  });

  it('have one form for each type: no message shares its type with an event', () => {
    expect(Object.keys(TYPES)).toHaveLength(Object.keys(MESSAGES).length + EVENT_NAMES.length);
  });
});

describe.each(ENVELOPES)('%s', (name) => {
  const message = jsonOf<Envelope>(name);

  it('is opened as it was sealed', () => {
    const opened = open(bytesOf(name), message.subject);
    expect(opened.ok ? opened.value : opened.error).toEqual(message);
  });

  it('is opened when it has members that this version does not know', () => {
    const later = open(resealed(message, { data: withNewMembers(message.data) }), message.subject);
    expect(later.ok ? later.value.data : later.error).toEqual(message.data);
  });

  it('is refused in a version that this one does not know', () => {
    const later = open(resealed(message, { type: message.type.replace(/\.v1$/, '.v2') }), message.subject);
    expect(later).toMatchObject({ ok: false, error: { code: 'unknown-type' } });
  });

  it('is refused when a single character of it was changed', () => {
    const forged = Buffer.from(bytesOf(name).toString('utf8').replace('2026-03-01T08:00:00.000Z', '2026-03-01T08:00:00.001Z'));
    expect(open(forged, message.subject)).toMatchObject({ ok: false, error: { code: 'bad-signature' } });
  });
});

describe.each(DOCUMENTS)('the signed document of %s', (name, form, context, by) => {
  const document = documentOf(name);

  it('has its form and the signature of whoever stands for it', () => {
    expect(form.safeParse(document).data).toEqual(document);
    expect(verifySignature(keys[by] ?? '', SIGNING_CONTEXTS[context], document.payload, document.signature)).toBe(true);
  });

  it('passes for no other kind of document, and for nobody else', () => {
    for (const other of Object.values(SIGNING_CONTEXTS)) {
      if (other !== SIGNING_CONTEXTS[context]) expect(verifySignature(keys[by] ?? '', other, document.payload, document.signature)).toBe(false);
    }
    expect(verifySignature(keys[agentSource(SAMPLE_SERVER)] ?? '', SIGNING_CONTEXTS[context], document.payload, document.signature)).toBe(false);
  });
});

it('dead letters have their form', () => {
  expect(deadLetter.safeParse(jsonOf('dead-letter.v1.json')).data).toEqual(jsonOf('dead-letter.v1.json'));
});
