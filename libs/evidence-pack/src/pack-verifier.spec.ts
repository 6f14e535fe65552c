import { generateKeyPairSync } from 'node:crypto';
import { MESSAGE_TYPES, sealEnvelope, scopeKey, SIGNING_CONTEXTS, subjects, type Attestation, type Checkpoint, type Decision, type Envelope, type Evidence, type Membership } from '@mailwarden/contracts';
import { canonicalJson, instantOf, sha256, signDocument, signerFromPem, uuidOf, type Signer } from '@mailwarden/kernel';
import { appendLeaf, consistencyProof, EMPTY_TREE, inclusionProof, leafHash, rootHash } from '@mailwarden/ledger';
import { describe, expect, it } from 'vitest';
import { keptCheckpoint } from './kept-checkpoint.js';
import { PackSealer } from './pack-sealer.js';
import { PackVerifier } from './pack-verifier.js';
import type { PackLine } from './pack-lines.js';
import type { PackVerdict } from './pack-verdict.js';

const signer = (): Signer => signerFromPem(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
const [reporting, rotation, consent, stranger] = [signer(), signer(), signer(), signer()];
const agents: Readonly<Record<string, Signer>> = { 'mx-1': signer(), 'mx-2': signer() };
const anchors = { schema: 'mailwarden/trust/v1' as const, reporting: reporting.publicKey, rotation: rotation.publicKey, consent: consent.publicKey };
const AT = instantOf(Date.parse('2026-11-01T12:00:00.000Z'));
const TEXT = 'Statement\n1. What is sent.\n';

const decisionOf = (name: string, part: Partial<Decision> = {}): Decision => ({ id: uuidOf('decision', name), agreement: 'ksn-statement', textSha256: sha256(TEXT), action: 'grant', scope: { kind: 'organisation' }, decidedBy: 'ada', onBehalfOf: 'Example organisation', means: 'console', reason: 'decided by the board', decidedAt: AT, recordedAt: AT, validUntil: null, region: null, ...part }) as Decision;
const decisions = [decisionOf('first'), decisionOf('second', { action: 'withdraw', textSha256: null }), decisionOf('of mx-2', { scope: { kind: 'server', server: 'mx-2' as never }, confirmedBy: 'grace' })];
const revisions = [1, 2, 1];

const evidenceOf = (decision: Decision, revision: number): Envelope<Evidence> => {
  const data = { schema: 'mailwarden/evidence/v1', kind: 'decision', id: decision.id, service: 'consent', at: AT, documentSha256: sha256(canonicalJson(decision)), facts: { agreement: decision.agreement, action: decision.action, scope: scopeKey(decision.scope), revision } };
  return sealEnvelope(consent, { id: `evidence-${decision.id}`, source: 'mailwarden/consent', type: MESSAGE_TYPES.evidence, time: AT, subject: subjects.evidence('consent'), sequence: revision, data }) as Envelope<Evidence>;
};
const attested = (server: string, applied: Readonly<Record<string, number>>, by = agents[server] ?? stranger): Envelope<Attestation> =>
  sealEnvelope(by, { id: `attested-${server}`, source: `mailwarden/agent/${server}`, type: MESSAGE_TYPES.attestation, time: AT, subject: `mw.attestation.${server}`, sequence: 1, data: { schema: 'mailwarden/attestation/v1', server, revisions: applied, agreements: [], ksn: { desired: 'off', actual: { known: true, value: 'off' } }, compliant: true, appliedAt: AT } }) as Envelope<Attestation>;

const entries: readonly unknown[] = [
  { schema: 'something that was before' },
  ...decisions.map((decision, index) => evidenceOf(decision, revisions[index] ?? 0)),
  attested('mx-1', { organisation: 2 }),
  attested('mx-2', { organisation: 1, 'server.mx-2': 1 }),
  { schema: 'something that came later' },
];
const leafOf = (index: number) => leafHash(Buffer.from(canonicalJson(entries[index])));
const tree = entries.reduce((grown: typeof EMPTY_TREE, _, index) => appendLeaf(grown, leafOf(index)), EMPTY_TREE);
const checkpoint = signDocument<Checkpoint>(reporting, SIGNING_CONTEXTS.checkpoint, { schema: 'mailwarden/checkpoint/v1', size: entries.length, rootHash: rootHash(tree), at: AT });
const leaf = (index: number) => ({ index, inclusion: inclusionProof(leafOf, index, entries.length), document: entries[index] });
const member = (server: string, by = reporting) => signDocument<Membership>(by, SIGNING_CONTEXTS.membership, { schema: 'mailwarden/membership/v1', server, labels: { role: 'mx' }, profiles: ['kaspersky-klms-8'], agentKey: agents[server]?.publicKey, executorKey: agents[server]?.publicKey, status: 'active', since: AT } as never);

type Line = Exclude<PackLine, { line: 'end' }>;
const LINES: readonly Line[] = [
  { line: 'manifest', schema: 'mailwarden/evidence-pack/v1', at: AT, agreement: 'ksn-statement', title: 'Statement', anchors: anchors as never, checkpoint: checkpoint as never },
  { line: 'text', text: { agreement: 'ksn-statement', textSha256: sha256(TEXT), label: '2026', language: 'en', effectiveAt: null, seenAt: AT, origin: 'imported', text: TEXT } },
  ...decisions.map((decision, index): Line => ({ line: 'decision', decision, leaf: leaf(index + 1) })),
  { line: 'server', membership: member('mx-1') as never, attestation: leaf(4) },
  { line: 'server', membership: member('mx-2') as never, attestation: leaf(5) },
];
const sealed = (lines: readonly Line[] = LINES, by = reporting): string[] => {
  const sealer = new PackSealer(by);
  return [...lines.map((line) => sealer.line(line)), sealer.end()].map((line) => line.slice(0, -1));
};
const verdict = (lines: readonly string[], known: typeof anchors | null = null, kept: unknown = null): PackVerdict => {
  const head = kept === null ? null : keptCheckpoint(kept);
  const verifier = new PackVerifier({ anchors: known as never, ...(head === null ? {} : { kept: { checkpoints: [head], stamps: [] } }) });
  for (const line of lines) verifier.line(line);
  return verifier.end();
};
/** The pack with one line changed, and sealed anew by who could: the reporting service itself. */
const changed = (at: number, change: (line: Line) => unknown): string[] => sealed(LINES.map((line, index) => (index === at ? (change(structuredClone(line)) as Line) : line)));
const edited = (at: number, change: (text: string) => string): string[] => sealed().map((line, index) => (index === at ? change(line) : line));

describe('a pack as it was made', () => {
  it('holds, and says how far each decision has reached', () => {
    const told = verdict(sealed(), anchors);
    expect(told).toMatchObject({ holds: true, problems: [], notes: [], agreement: 'ksn-statement', texts: 1, servers: 2, checkpoint: { size: entries.length } });
    expect(told.decisions.map(({ servers, applied }) => [servers, applied])).toEqual([[2, 2], [2, 1], [1, 1]]);
    expect(told.decisions[2]?.decision).toMatchObject({ decidedBy: 'ada', confirmedBy: 'grace' });
  });

  it('holds without what the ledger does not have yet, and says that it is not proved', () => {
    const told = verdict(changed(3, (line) => ({ ...line, leaf: null })));
    expect(told).toMatchObject({ holds: true, notes: [`decision ${decisions[1]?.id} is not in the ledger yet`] });
    expect(told.decisions[1]).toMatchObject({ inLedger: false, applied: null });
    const unsigned = verdict(changed(0, (line) => ({ ...line, checkpoint: null })));
    expect(unsigned.holds).toBe(true);
    expect(unsigned.decisions.every(({ inLedger }) => !inLedger)).toBe(true);
  });

  it('says where an entry of an earlier version does not have its sender\'s signature', () => {
    const old = [evidenceOf(decisions[0] as Decision, 1).data];
    const oldLeaf = leafHash(Buffer.from(canonicalJson(old[0])));
    const head = signDocument<Checkpoint>(reporting, SIGNING_CONTEXTS.checkpoint, { schema: 'mailwarden/checkpoint/v1', size: 1, rootHash: rootHash(appendLeaf(EMPTY_TREE, oldLeaf)), at: AT });
    const told = verdict(sealed([{ ...(LINES[0] as Line), checkpoint: head } as Line, LINES[1] as Line, { line: 'decision', decision: decisions[0] as Decision, leaf: { index: 0, inclusion: [], document: old[0] } }]));
    expect(told).toMatchObject({ holds: true, notes: [expect.stringContaining('earlier version')] });
  });
});

describe('what somebody does to it', () => {
  const flipped = (text: string, at: number): string => `${text.slice(0, at)}${text[at] === 'a' ? 'b' : 'a'}${text.slice(at + 1)}`;
  const without = (at: number): string[] => sealed().filter((_, index) => index !== at);
  const swapped = (): string[] => { const lines = sealed(); return [lines[0], lines[1], lines[3], lines[2], ...lines.slice(4)] as string[]; };
  const otherDecision = (line: Line): unknown => ({ ...line, decision: { ...(line as { decision: Decision }).decision, action: 'decline' } });
  const inside = (change: (document: Record<string, unknown>) => unknown) => (line: Line): unknown => { const own = line as { leaf?: { document: never }; attestation?: { document: never } }; const key = own.leaf === undefined ? 'attestation' : 'leaf'; return { ...line, [key]: { ...own[key], document: change(own[key]?.document as never) } }; };

  it.each<[string, () => readonly string[], string, number, typeof anchors?]>([
    ['one character of a reason', () => edited(2, (text) => text.replace('the board', 'the bored')), 'wrong-decision', 3],
    ['one bit of a space, so that it reads the same', () => edited(2, (text) => text.replace('{"line"', '{ "line"')), 'not-whole', 8],
    ['a dropped decision', () => without(2), 'not-whole', 7],
    ['a dropped server', () => without(5), 'not-whole', 7],
    ['the end cut off', () => sealed().slice(0, -1), 'not-whole', 7],
    ['half of a line cut off', () => edited(7, (text) => text.slice(0, 40)), 'bad-line', 8],
    ['another order of decisions', swapped, 'not-whole', 8],
    ['a line twice', () => { const lines = sealed(); return [...lines.slice(0, 3), lines[2] ?? '', ...lines.slice(3)]; }, 'not-whole', 9],
    ['a server twice, sealed', () => sealed([...LINES, LINES[5] as Line]), 'wrong-membership', 8],
    ['something after the end', () => [...sealed(), sealed()[1] ?? ''], 'not-whole', 9],
    ['two packs as one', () => [...sealed(), ...sealed()], 'not-whole', 9],
    ['a seal of another', () => sealed(LINES, stranger), 'wrong-signature', 8],
    ['keys of another in it', () => changed(0, (line) => ({ ...line, anchors: { ...anchors, reporting: stranger.publicKey } })), 'wrong-checkpoint', 1],
    ['keys that are not those that are known', () => sealed(), 'other-keys', 1, { ...anchors, consent: stranger.publicKey }],
    ['a checkpoint of another root', () => changed(0, (line) => ({ ...line, checkpoint: { ...checkpoint, payload: { ...checkpoint.payload, rootHash: sha256('another') } } })), 'wrong-checkpoint', 1],
    ['an older checkpoint, signed', () => changed(0, (line) => ({ ...line, checkpoint: signDocument(reporting, SIGNING_CONTEXTS.checkpoint, { ...checkpoint.payload, size: 2 }) })), 'wrong-leaf', 3],
    ['another decision under a proof, sealed', () => changed(2, otherDecision), 'wrong-decision', 3],
    ['a decision with the proof of another, sealed', () => changed(2, (line) => ({ ...line, leaf: leaf(2) })), 'wrong-decision', 3],
    ['a proof with one hash changed, sealed', () => changed(2, (line) => { const own = line as { leaf: { inclusion: string[] } }; return { ...line, leaf: { ...own.leaf, inclusion: own.leaf.inclusion.map((hash, index) => (index === 0 ? flipped(hash, 3) : hash)) } }; }), 'wrong-leaf', 3],
    ['a proof at another place, sealed', () => changed(2, (line) => ({ ...line, leaf: { ...(line as { leaf: object }).leaf, index: 2 } })), 'wrong-leaf', 3],
    ['an entry with another revision, sealed', () => changed(2, inside((document) => ({ ...document, data: { ...(document['data'] as object), facts: {} } }))), 'wrong-leaf', 3],
    ['a decision on another agreement, sealed', () => changed(2, (line) => ({ ...line, decision: { ...(line as { decision: Decision }).decision, agreement: 'eula' } })), 'wrong-decision', 3],
    ['other words of a text, sealed', () => changed(1, (line) => { const own = line as { text: object }; return { ...line, text: { ...own.text, text: 'Statement\n1. Nothing is sent.\n' } }; }), 'wrong-text', 2],
    ['a text of another agreement, sealed', () => changed(1, (line) => ({ ...line, text: { ...(line as { text: object }).text, agreement: 'eula' } })), 'wrong-text', 2],
    ['a membership that another signed, sealed', () => changed(5, (line) => ({ ...line, membership: member('mx-1', stranger) })), 'wrong-membership', 6],
    ['an attestation of another server, sealed', () => changed(5, (line) => ({ ...line, attestation: leaf(5) })), 'wrong-signature', 6],
    ['an attestation that says more, sealed', () => changed(6, inside((document) => ({ ...document, data: { ...(document['data'] as object), revisions: { organisation: 2 } } }))), 'wrong-leaf', 7],
    ['a decision in the place of an attestation, sealed', () => changed(5, (line) => ({ ...line, attestation: leaf(1) })), 'wrong-signature', 6],
    ['no manifest', () => sealed(LINES.slice(1)), 'not-a-pack', 1],
    ['nothing', () => [], 'not-a-pack', 0],
    ['rubbish', () => ['rubbish'], 'not-a-pack', 1],
  ])('%s is named', (_what, lines, code, line, known = undefined) => {
    const told = verdict(lines(), known ?? null);
    expect(told.holds).toBe(false);
    expect(told.problems[0]).toMatchObject({ code, line });
  });

  it('of any single character is seen', () => {
    const lines = sealed();
    const missed: string[] = [];
    for (const [number, text] of lines.entries()) {
      for (let at = 0; at < text.length; at += 7) if (verdict(lines.map((line, index) => (index === number ? flipped(line, at) : line))).holds) missed.push(`${number}:${at} ${text.slice(at, at + 10)}`);
    }
    expect(missed).toEqual([]);
  }, 60_000);
});

describe('an entry that is in the ledger, and that its sender did not sign', () => {
  it('is named, even with the ledger\'s own proof and seal', () => {
    const forged = attested('mx-1', { organisation: 2 }, stranger);
    const hash = leafHash(Buffer.from(canonicalJson(forged)));
    const head = signDocument<Checkpoint>(reporting, SIGNING_CONTEXTS.checkpoint, { schema: 'mailwarden/checkpoint/v1', size: 1, rootHash: rootHash(appendLeaf(EMPTY_TREE, hash)), at: AT });
    const told = verdict(sealed([{ ...(LINES[0] as Line), checkpoint: head } as Line, { line: 'server', membership: member('mx-1') as never, attestation: { index: 0, inclusion: [], document: forged } }]));
    expect(told.problems[0]).toMatchObject({ code: 'wrong-signature', message: expect.stringContaining('mx-1') });
  });
});

describe('a checkpoint that somebody kept', () => {
  const rootOf = (size: number): ReturnType<typeof rootHash> => rootHash(entries.slice(0, size).reduce((grown: typeof EMPTY_TREE, _, index) => appendLeaf(grown, leafOf(index)), EMPTY_TREE));
  const headOf = (size: number, part: object = {}, by = reporting) => signDocument<Checkpoint>(by, SIGNING_CONTEXTS.checkpoint, { schema: 'mailwarden/checkpoint/v1', size, rootHash: rootOf(size), at: AT, ...part });
  const since = (size: number, proof = consistencyProof(leafOf, size, entries.length)): string[] => changed(0, (line) => ({ ...line, since: { size, proof } }));
  const asEvent = ({ payload, keyId, signature }: ReturnType<typeof headOf>) => ({ specversion: '1.0', type: 'mailwarden.ledger.checkpoint.v1', data: { event: 'ledger.checkpoint', server: 'fleet', severity: 'info', at: payload.at, detail: { size: payload.size, rootHash: payload.rootHash, keyId, signature } } });

  it.each([1, 2, 3, 4, 6, 7])('of %i entries is shown to be the beginning, as it was signed and as a SIEM heard of it', (size) => {
    for (const kept of [headOf(size), asEvent(headOf(size)), asEvent(headOf(size)).data]) expect(verdict(since(size), anchors, kept)).toMatchObject({ holds: true, continues: size });
  });

  it.each<[string, () => readonly string[], () => unknown, RegExp]>([
    ['of a ledger that was rewritten since', () => since(3), () => headOf(3, { rootHash: sha256('as it was') }), /was rewritten/],
    ['with a proof that does not lead there', () => since(3, consistencyProof(leafOf, 2, entries.length)), () => headOf(3), /was rewritten/],
    ['that another signed', () => since(3), () => headOf(3, {}, stranger), /not signed by the reporting service/],
    ['of more entries than there are now', () => since(3), () => headOf(3, { size: 99 }), /had 99 entries/],
    ['that the pack was not exported with', () => sealed(), () => headOf(3), /export it with that checkpoint/],
    ['where the pack has none at all', () => changed(0, (line) => ({ ...line, checkpoint: null })), () => headOf(3), /was never signed/],
  ])('%s is named', (_what, lines, kept, words) => {
    const told = verdict(lines(), anchors, kept());
    expect(told.problems[0]).toMatchObject({ line: 1, code: 'wrong-checkpoint', message: expect.stringMatching(words) });
    expect(told.continues).toBeNull();
  });

  it.each([null, 7, [], {}, { data: {} }, { payload: {}, keyId: '', signature: '' }])('is not read from %j', (json) => expect(keptCheckpoint(json)).toBeNull());
});
