import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SIGNING_CONTEXTS, type ConsentEntry, type EgressTask, type TrustAnchors } from '@mailwarden/contracts';
import { instantOf, signDocument, signerFromPem, type ServerName, type Signer } from '@mailwarden/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StandingDocuments } from './standing-documents.js';

const newSigner = (): Signer => signerFromPem(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
const signers = { rotation: newSigner(), consent: newSigner() };
const trust = { rotation: signers.rotation.publicKey, consent: signers.consent.publicKey } as unknown as TrustAnchors;
const entry = (scope: ConsentEntry['scope'], revision: number) => signDocument(signers.consent, SIGNING_CONTEXTS.consent, { schema: 'mailwarden/consent-entry/v1', scope, revision, publishedAt: instantOf(0), decisions: [] });
const bundle = (version: number, labels: Record<string, string>) => signDocument(signers.rotation, SIGNING_CONTEXTS.bundle, { schema: 'mailwarden/policy-bundle/v1', server: 'mx-1', version, labels, rules: [], holds: [], transmission: { failClosed: true, rules: [{ policy: 'p', profile: 'klms', flow: 'ksn', mode: 'enforce', failClosed: true, everything: false, endpoints: [], liftedUntil: null }] }, scanIntervalSeconds: 60, issuedAt: instantOf(0), expiresAt: instantOf(1) });
const task = (part: Partial<EgressTask>): EgressTask => ({ schema: 'mailwarden/egress-task/v1', bundle: null, entries: [], agreements: {}, ...part });
const group = (value: string): ConsentEntry['scope'] => ({ kind: 'group', label: 'role', value });

let dir: string;
const open = (): StandingDocuments => new StandingDocuments({ server: 'mx-1', trust, stateDir: dir });
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'mailwarden-standing-'))));
afterEach(() => rmSync(dir, { recursive: true }));

describe('what stands on a host', () => {
  it('are entries of its own scopes alone: genuine ones of others fill nothing', () => {
    const documents = open();
    const foreign = Array.from({ length: 199 }, (_, index) => entry({ kind: 'server', server: `mx-${index + 2}` as ServerName }, 1));
    const refused = documents.accept(task({ bundle: bundle(1, { role: 'mx' }), entries: [entry({ kind: 'organisation' }, 3), ...foreign] }));
    expect(new Set(refused)).toEqual(new Set(['a consent entry is for a scope that this server is not in']));
    expect(documents.revisions).toEqual({ organisation: 3 });
    expect(open().restore()).toEqual([]);
  });

  it('follows another label, and takes no older entry when the label comes back', () => {
    const documents = open();
    documents.accept(task({ bundle: bundle(1, { role: 'mx' }), entries: [entry(group('mx'), 5)] }));
    documents.accept(task({ bundle: bundle(2, { role: 'relay' }), entries: [entry(group('relay'), 1)] }));
    expect(documents.revisions).toEqual({ 'group.role=relay': 1 });
    documents.accept(task({ bundle: bundle(3, { role: 'mx' }), entries: [entry(group('mx'), 4)] }));
    expect(documents.revisions).toEqual({ 'group.role=mx': 5 });
    const again = open();
    again.restore();
    expect(again.revisions).toEqual({ 'group.role=mx': 5 });
  });

  it('takes no older entry of a scope that it had left when it was started', () => {
    const documents = open();
    documents.accept(task({ bundle: bundle(1, { role: 'mx' }), entries: [entry(group('mx'), 5)] }));
    documents.accept(task({ bundle: bundle(2, { role: 'relay' }) }));
    const again = open();
    expect(again.restore()).toEqual([]);
    again.accept(task({ bundle: bundle(3, { role: 'mx' }), entries: [entry(group('mx'), 4)] }));
    expect(again.revisions).toEqual({ 'group.role=mx': 5 });
  });

  it('does not forget which text lies on the host because the agent does not say it', () => {
    const documents = open();
    const text = (value: string) => ({ id: 'eula', textSha256: { known: true as const, value } });
    const silent = { id: 'eula', textSha256: { known: false as const, reason: 'the file could not be read' } };
    const held = (of: StandingDocuments) => (of.agreements as Record<string, { textSha256: unknown }[]>)['klms']?.map(({ textSha256 }) => textSha256);
    documents.accept(task({ bundle: bundle(1, {}), agreements: { klms: [text('a'.repeat(64))] } as never }));
    for (const agreements of [{}, { klms: [] }, { klms: [silent] }]) {
      documents.accept(task({ agreements: agreements as never }));
      expect(held(documents)).toEqual([{ known: true, value: 'a'.repeat(64) }]);
    }
    documents.accept(task({ agreements: { klms: [text('b'.repeat(64))] } as never }));
    const again = open();
    again.restore();
    expect(held(again)).toEqual([{ known: true, value: 'b'.repeat(64) }]);
  });

  it('is judged at no instant long before one that it was judged at already, also after a start, and at none far ahead for ever', () => {
    const documents = open();
    documents.accept(task({ bundle: signDocument(signers.rotation, SIGNING_CONTEXTS.bundle, { ...bundle(1, {}).payload, issuedAt: instantOf(1_000_000), expiresAt: instantOf(100_000_000) }) }));
    expect(documents.judgedAt(0)).toBe(instantOf(1_000_000));
    expect(documents.judgedAt(50_000_000)).toBe(instantOf(50_000_000));
    const again = open();
    again.restore();
    expect(again.judgedAt(2_000_000)).toBe(instantOf(50_000_000));
    expect(again.judgedAt(900_000_000)).toBe(instantOf(900_000_000));
    expect(again.judgedAt(60_000_000)).toBe(instantOf(100_000_000));
  });

  it('is kept without what stands beside a signature, and without what no policy is about', () => {
    const documents = open();
    documents.accept(task({ bundle: { ...bundle(1, {}), junk: 'x'.repeat(100_000) }, entries: [{ ...entry({ kind: 'organisation' }, 1), junk: 'y' }], agreements: { klms: [{ id: 'eula', textSha256: { known: false, reason: 'z'.repeat(500) } }], other: [] } as never }));
    const text = readFileSync(join(dir, 'standing.json'), 'utf8');
    expect(text).not.toMatch(/junk|zzz|other/);
    const again = open();
    expect(again.restore()).toEqual([]);
    expect([again.bundle?.version, again.revisions, Object.keys(again.agreements)]).toEqual([1, { organisation: 1 }, ['klms']]);
  });

  it('says that a document has members that this version does not know, and acts on what it knows', () => {
    const documents = open();
    const strange = signDocument(signers.consent, SIGNING_CONTEXTS.consent, { ...entry({ kind: 'organisation' }, 2).payload, more: 1 });
    expect(documents.accept(task({ entries: [strange] }))).toEqual(['a consent entry has members that this version does not know']);
    expect(documents.revisions).toEqual({ organisation: 2 });
    expect(open().restore()).toEqual(['a consent entry has members that this version does not know']);
  });

  it.each([['half a file', '{"bundle"'], ['another form', '[1,2]'], ['nothing', '']])('begins anew, and says so, where it was kept as %s', (_what, text) => {
    writeFileSync(join(dir, 'standing.json'), text, { mode: 0o600 });
    const documents = open();
    documents.restore();
    expect(documents.bundle).toBeNull();
    documents.accept(task({ bundle: bundle(1, {}) }));
    expect(documents.bundle?.version).toBe(1);
  });

  it('begins anew, and says so, where others could have written what was kept, or it cannot be read', () => {
    writeFileSync(join(dir, 'standing.json'), '{}', { mode: 0o666 });
    rmSync(join(dir, 'standing.json'));
    mkdirSync(join(dir, 'standing.json'));
    expect(open().restore()).toHaveLength(1);
  });
});
