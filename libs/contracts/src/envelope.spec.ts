import { generateKeyPairSync } from 'node:crypto';
import { canonicalJson, instantOf, signerFromPem, type Signer } from '@mailwarden/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { agentSource, openEnvelope, sealEnvelope } from './envelope.js';
import { MESSAGE_BYTES_MAX } from './streams.js';

const newSigner = (): Signer => signerFromPem(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
const signer = newSigner();
const subject = 'mw.observation.mx-1';
const type = 'mailwarden.store.observed.v1';
const seal = (by: Signer = signer): Record<string, unknown> => ({
  ...sealEnvelope(by, { id: '1', source: agentSource('mx-1'), type, time: instantOf(0), subject, sequence: 1, data: { items: 3 } }),
});
const bytesOf = (value: unknown): Uint8Array => Buffer.from(canonicalJson(value));
const expected = {
  subject,
  types: { [type]: z.object({ items: z.number() }) },
  keyOf: (source: string) => (source === agentSource('mx-1') ? signer.publicKey : undefined),
};
const codeOf = (bytes: Uint8Array): string => {
  const opened = openEnvelope(bytes, expected);
  return opened.ok ? 'ok' : opened.error.code;
};

describe('envelope', () => {
  it('opens what its origin sealed', () => {
    const opened = openEnvelope(bytesOf(seal()), expected);
    expect(opened.ok && opened.value.data).toEqual({ items: 3 });
  });

  it.each([
    ['another key', seal(newSigner()), 'bad-signature'],
    ['changed data', { ...seal(), data: { items: 4 } }, 'bad-signature'],
    ['changed sequence', { ...seal(), sequence: 2 }, 'bad-signature'],
    ['an added member', { ...seal(), extra: true }, 'bad-signature'],
    ['another subject', { ...seal(), subject: 'mw.observation.mx-2' }, 'wrong-subject'],
    ['an unknown origin', { ...seal(), source: agentSource('mx-9') }, 'unknown-origin'],
    ['a wildcard origin', { ...seal(), source: 'mailwarden/agent/*' }, 'not-an-envelope'],
    ['no envelope', { hello: 1 }, 'not-an-envelope'],
  ])('refuses %s', (_name, message, code) => {
    expect(codeOf(bytesOf(message))).toBe(code);
  });

  it('refuses unknown types and payloads of another form, even when signed', () => {
    const other = sealEnvelope(signer, { id: '1', source: agentSource('mx-1'), type: 'mailwarden.store.observed.v9', time: instantOf(0), subject, sequence: 1, data: {} });
    expect(codeOf(bytesOf(other))).toBe('unknown-type');
    const bad = sealEnvelope(signer, { id: '1', source: agentSource('mx-1'), type, time: instantOf(0), subject, sequence: 1, data: { items: 'many' } });
    expect(codeOf(bytesOf(bad))).toBe('bad-data');
  });

  it('survives hostile bytes', () => {
    expect(codeOf(new Uint8Array(MESSAGE_BYTES_MAX + 1))).toBe('too-large');
    expect(codeOf(Buffer.from([0xff, 0xfe]))).toBe('not-json');
    expect(codeOf(Buffer.from('['.repeat(60_000)))).toBe('not-json');
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => codeOf(bytes) !== 'ok'));
    fc.assert(fc.property(fc.json(), (text) => codeOf(Buffer.from(text)) !== 'ok'));
  });
});
