import { IMPORT_ROWS_MAX, SIGNING_CONTEXTS, type Answer, type ConsentEntry, type Decision, type DecideRequest, type DeadLetter, type DecideReply, type RecordedDecision } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { canonicalJson, instantOf, sha256, signDocument, verifySignature, type PublicKeyText, type SignedDocument } from '@mailwarden/kernel';
import type { QueryReply } from '@mailwarden/messaging';
import { Kvm } from '@nats-io/kv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane, eventually } from './control-plane.js';
import { type FleetSpeaker } from './fleet-speaker.js';
import { recordedOf } from './recorded.js';

const AT_ONCE = 20;
const DAY_MS = 86_400_000;
const AGREEMENT = 'ksn-statement';

let plane: ControlPlane;
let consentKey: PublicKeyText;
let agents: FleetSpeaker[];

const request = (part: Partial<DecideRequest> = {}): DecideRequest => ({ agreement: AGREEMENT, textSha256: null, action: 'grant', scope: { kind: 'organisation' }, decidedBy: 'op', onBehalfOf: 'Example organisation', means: 'console', reason: 'test', validUntil: null, region: null, decidedAt: null, ...part });
const decide = (part: Partial<DecideRequest> = {}): Promise<Answer<DecideReply>> => plane.questions.ask('consent.decide', request(part), { timeoutMs: 10_000 });
const decided = async (part: Partial<DecideRequest> = {}): Promise<RecordedDecision> => {
  return recordedOf(await decide(part));
};
const overview = async (): Promise<Extract<QueryReply<'consent.overview'>, object>> => {
  const answer = await plane.questions.ask('consent.overview', {}, { timeoutMs: 10_000 });
  if (!answer.ok) throw new Error(answer.detail);
  return answer.value;
};
const stored = async (scope: string): Promise<SignedDocument<ConsentEntry> | undefined> => (await plane.sql<{ document: SignedDocument<ConsentEntry> }>('SELECT document FROM consent.scope WHERE scope_key = $1', [scope]))[0]?.document;
const published = async (scope: string): Promise<SignedDocument<ConsentEntry> | undefined> => (await plane.entry('consent', scope)) as SignedDocument<ConsentEntry> | undefined;
const publishedRevision = (scope: string, revision: number): Promise<SignedDocument<ConsentEntry>> => eventually(`revision ${revision} of ${scope}`, async () => {
  const entry = await published(scope);
  return entry?.payload.revision === revision ? entry : undefined;
});
const verifies = ({ payload, signature }: SignedDocument<ConsentEntry>): boolean => verifySignature(consentKey, SIGNING_CONTEXTS.consent, payload, signature);
const convergedEvents = (): Promise<{ data: { detail: { scope: string; servers: number } } }[]> => plane.said('EVENTS', 'mw.event.consent.converged.>');
const settled = (): Promise<void> => plane.settled('consent-attestations', 'consent-observations');

beforeAll(async () => {
  plane = await ControlPlane.start(['mx-1', 'mx-2']);
  consentKey = (await loadSigner(plane.nats.identity.services.consent.signingKey)).publicKey;
  for (const server of ['mx-1', 'mx-2']) await plane.enrol(server);
  await plane.run('consent');
  agents = [await plane.speaker('mx-1'), await plane.speaker('mx-2')];
}, 120_000);
afterAll(async () => plane?.stop());

describe('decisions', () => {
  it(`of ${AT_ONCE} at once in each of two scopes take turns: revisions rise by one, instants in the same order, and the bucket says what the database says`, async () => {
    const group = { kind: 'group', label: 'role', value: 'mx' } as const;
    const seen: ConsentEntry[] = [];
    const watch = await (await new Kvm(plane.bus).open('consent')).watch({ key: 'organisation' });
    const watching = (async () => {
      for await (const entry of watch) seen.push(entry.json<SignedDocument<ConsentEntry>>().payload);
    })();
    const all = await Promise.all(Array.from({ length: 2 * AT_ONCE }, (_, index) => decided({ scope: index % 2 === 0 ? { kind: 'organisation' } : group, action: index % 3 === 0 ? 'decline' : 'grant' })));
    expect(new Set(all.map(({ id }) => id)).size).toBe(2 * AT_ONCE);
    for (const scope of ['organisation', 'group.role=mx']) {
      const key = (await plane.sql<{ scope_key: string }>(`SELECT scope_key FROM consent.scope WHERE scope_key LIKE $1`, [`${scope.split('.')[0]}%`]))[0]?.scope_key ?? '';
      const entry = await publishedRevision(key, AT_ONCE);
      expect(canonicalJson(entry)).toBe(canonicalJson(await stored(key)));
      expect(verifies(entry)).toBe(true);
      const rows = await plane.sql<{ document: Decision }>('SELECT document FROM consent.decision WHERE scope_key = $1 ORDER BY position', [key]);
      const instants = rows.map(({ document }) => document.decidedAt);
      expect(instants).toHaveLength(AT_ONCE);
      expect(instants).toEqual([...new Set(instants)].sort());
      const [last, lastRefusal] = [rows.at(-1)?.document.id, rows.findLast(({ document }) => document.action !== 'grant')?.document.id];
      expect(new Set(entry.payload.decisions.map(({ decision }) => decision))).toEqual(new Set([last, lastRefusal].filter((id) => id !== undefined)));
    }
    watch.stop();
    await watching;
    const revisions = seen.map(({ revision }) => revision);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    expect(await plane.sql('SELECT 1 FROM consent.outbox')).toHaveLength(4 * AT_ONCE);
  });

  it('on an agreement that nobody knows is refused with a suggestion, and nothing is recorded', async () => {
    const [before] = await plane.sql<{ n: string }>('SELECT count(*) AS n FROM consent.decision');
    expect(await decide({ agreement: 'ksn-statment' })).toMatchObject({ ok: false, code: 'unknown-agreement', detail: expect.stringContaining('did you mean ksn-statement?') });
    expect(await decide({ agreement: 'zzzzzzzz' })).toMatchObject({ ok: false, detail: expect.stringContaining('known: ') });
    expect(await decide({ validUntil: '2020-01-01T00:00:00.000Z' as never })).toMatchObject({ ok: false, code: 'already-over' });
    expect(await plane.sql('SELECT count(*) AS n FROM consent.decision')).toEqual([before]);
  });

  it('are listed newest first, with the texts that servers were seen to hold', async () => {
    await decided({ scope: { kind: 'server', server: 'mx-2' as never }, action: 'withdraw' });
    const view = await overview();
    expect(view.decisions[0]).toMatchObject({ action: 'withdraw', scope: { kind: 'server', server: 'mx-2' }, onBehalfOf: 'Example organisation' });
    expect(view.decisions).toHaveLength(2 * AT_ONCE + 1);
    expect((await plane.sql<{ revision: string }>('SELECT revision FROM consent.scope')).map(({ revision }) => Number(revision)).sort()).toEqual([1, AT_ONCE, AT_ONCE]);
    await eventually('everything is published', async () => ((await overview()).entries.length === 0 ? true : undefined));
    expect(view.agreements.map(({ id }) => id)).toContain(AGREEMENT);
  });
});

describe('a decision that cannot be', () => {
  it.each<[string, Partial<DecideRequest>, string, RegExp]>([
    ['for a server that the fleet does not have', { scope: { kind: 'server', server: 'mx-l' as never } }, 'unknown-server', /no server of the fleet is called mx-l; did you mean mx-1\?/],
    ['on a text that nobody knows', { textSha256: sha256('a text of no agreement') }, 'unknown-text', /give the text in first/],
    ['of tomorrow', { decidedAt: instantOf(Date.now() + DAY_MS) }, 'in-the-future', /still to come/],
    ['of long ago', { decidedAt: instantOf(Date.now() - 400 * DAY_MS) }, 'too-long-ago', /more than 366 days ago/],
  ])('%s is refused in words, and nothing is recorded', async (_what, part, code, words) => {
    const [before] = await plane.sql<{ n: string }>('SELECT count(*) AS n FROM consent.decision');
    expect(await decide(part)).toMatchObject({ ok: false, code, detail: expect.stringMatching(words) });
    expect(await plane.sql('SELECT count(*) AS n FROM consent.decision')).toEqual([before]);
  });
});

describe('the order of decisions', () => {
  const on = 'eula';
  const standing = async (scope: string): Promise<string | undefined> => (await stored(scope))?.payload.decisions.filter(({ agreement }) => agreement === on).sort((a, b) => (a.decidedAt < b.decidedAt ? 1 : -1))[0]?.action;

  it('says which later decision counts, where an older document is recorded', async () => {
    const grant = await decided({ agreement: on, decidedAt: instantOf(Date.now() - DAY_MS) });
    expect(grant).toMatchObject({ outrankedBy: null });
    expect(await decided({ agreement: on, action: 'withdraw', decidedAt: instantOf(Date.now() - 2 * DAY_MS) })).toMatchObject({ action: 'withdraw', outrankedBy: { decision: grant.id, action: 'grant' } });
    expect(await standing('organisation')).toBe('grant');
    expect(await decided({ agreement: on, action: 'withdraw' })).toMatchObject({ outrankedBy: null });
    expect(await standing('organisation')).toBe('withdraw');
  });

  it('is not turned round by a decision that is dated ahead: it counts from now', async () => {
    const grant = await decided({ agreement: on, decidedAt: instantOf(Date.now() + 50_000) });
    expect(grant.decidedAt).toBe(grant.recordedAt);
    expect(await decided({ agreement: on, action: 'withdraw' })).toMatchObject({ outrankedBy: null });
    expect(await standing('organisation')).toBe('withdraw');
  });
});

describe('texts', () => {
  const TEXT = 'Supplementary statement\n1. What is sent.\n2. To whom.\n';
  const SUPPLEMENTARY = 'supplementary-ksn-statement';
  const give = (part: object = {}) => plane.questions.ask('consent.add-text', { agreement: SUPPLEMENTARY, label: '2026-11', language: 'en', effectiveAt: null, text: TEXT, by: 'op', ...part }, { timeoutMs: 10_000 });
  const versions = async (): Promise<readonly string[]> => (await overview()).agreements.find(({ id }) => id === SUPPLEMENTARY)?.versions.map(({ textSha256, origin }) => `${origin} ${textSha256}`) ?? [];

  it('are given in as their files have them, once, and come back word for word', async () => {
    const given = await give();
    expect(given).toMatchObject({ ok: true, value: { textSha256: sha256(TEXT), origin: 'imported', label: '2026-11', text: TEXT } });
    expect(await give({ label: 'November 2026' })).toMatchObject({ ok: true, value: { label: 'November 2026' } });
    expect(await versions()).toEqual([`imported ${sha256(TEXT)}`]);
    expect(await plane.questions.ask('consent.text', { agreement: SUPPLEMENTARY, textSha256: sha256(TEXT) }, { timeoutMs: 10_000 })).toMatchObject({ ok: true, value: { text: TEXT } });
    expect(await plane.questions.ask('consent.text', { agreement: SUPPLEMENTARY, textSha256: sha256('no') }, { timeoutMs: 10_000 })).toMatchObject({ ok: false, code: 'unknown-text' });
    expect(await give({ agreement: 'eulaa' })).toMatchObject({ ok: false, code: 'unknown-agreement', detail: expect.stringContaining('did you mean eula?') });
    const evidence = await eventually('evidence of the text', async () => {
      const said = (await plane.said<{ data: { kind: string; facts: object } }>('EVIDENCE', 'mw.evidence.consent')).filter(({ data }) => data.kind === 'agreement-text');
      return said.length === 2 ? said : undefined;
    });
    expect(evidence[0]?.data.facts).toEqual({ agreement: SUPPLEMENTARY, text: sha256(TEXT) });
  });

  it('that a server claims to hold never come before those that a person gave in', async () => {
    await plane.sql(`INSERT INTO consent.agreement_text (agreement, text_sha256, label, language, seen_at) VALUES ($1, $2, 'seen', 'en', now() + interval '1 hour')`, [SUPPLEMENTARY, sha256('a text of the attacker')]);
    expect(await decided({ agreement: SUPPLEMENTARY })).toMatchObject({ textSha256: sha256(TEXT) });
    const next = `${TEXT}3. For how long.\n`;
    await give({ text: next, label: '2099', effectiveAt: '2099-01-01T00:00:00.000Z' });
    expect(await decided({ agreement: SUPPLEMENTARY })).toMatchObject({ textSha256: sha256(TEXT) });
    await give({ text: next, label: '2026-12', effectiveAt: instantOf(Date.now()) });
    expect(await decided({ agreement: SUPPLEMENTARY })).toMatchObject({ textSha256: sha256(next) });
    expect(await decided({ agreement: SUPPLEMENTARY, textSha256: sha256(TEXT) })).toMatchObject({ textSha256: sha256(TEXT) });
  });
});

describe('the past', () => {
  const PRIVACY = 'privacy-policy';
  const past = async (at: number, knownAt: number, server: string | null = 'mx-1') => {
    const answer = await plane.questions.ask('consent.at', { at: instantOf(at), knownAt: instantOf(knownAt), server: server as never }, { timeoutMs: 10_000 });
    if (!answer.ok) throw new Error(answer.detail);
    return answer.value;
  };
  const stateAt = async (at: number, knownAt: number): Promise<string | undefined> => (await past(at, knownAt)).rows.find(({ agreement }) => agreement === PRIVACY)?.state;

  it('tells what was true then, and what was known of it: an older document counts from its own day', async () => {
    const startedMs = Date.now();
    await decided({ agreement: PRIVACY, action: 'grant', decidedAt: instantOf(startedMs - 10 * DAY_MS) });
    const grantedMs = Date.now();
    await decided({ agreement: PRIVACY, action: 'withdraw', decidedAt: instantOf(startedMs - 2 * DAY_MS), means: 'imported-document' });
    const nowMs = Date.now() + 1_000;
    expect(await stateAt(startedMs - 11 * DAY_MS, nowMs)).toBe('undecided');
    expect(await stateAt(startedMs - 5 * DAY_MS, nowMs)).toBe('granted');
    expect(await stateAt(startedMs - 5 * DAY_MS, startedMs - 5 * DAY_MS)).toBe('undecided');
    expect(await stateAt(startedMs - DAY_MS, grantedMs)).toBe('granted');
    expect(await stateAt(startedMs - DAY_MS, nowMs)).toBe('withdrawn');
    expect(await stateAt(nowMs, nowMs)).toBe('withdrawn');
    // What agents are told agrees with it.
    expect((await stored('organisation'))?.payload.decisions.filter(({ agreement }) => agreement === PRIVACY)).toMatchObject([{ action: 'withdraw' }]);
  });

  it('is told of every server, or of one; of none that the fleet does not have', async () => {
    const all = await past(Date.now(), Date.now(), null);
    expect(new Set(all.rows.map(({ server }) => server))).toEqual(new Set(['mx-1', 'mx-2']));
    expect(all.rowsLeft).toBe(0);
    await expect(past(Date.now(), Date.now(), 'mx-9')).rejects.toThrow(/no server of the fleet is called mx-9/);
  });
});

describe('a crash', () => {
  it('between commit and publication is made good at the next start: entry, event and evidence', async () => {
    await decided({ action: 'decline' });
    const revision = (await stored('organisation'))?.payload.revision ?? 0;
    await publishedRevision('organisation', revision);
    await plane.end('consent');
    // As if the process had ended right after the commit: the decision is in the database, and nothing of it has left.
    await plane.sql('UPDATE consent.outbox SET sent_at = NULL, sequence = NULL WHERE position > (SELECT max(position) - 2 FROM consent.outbox)');
    await plane.sql(`UPDATE consent.outbox_head h SET last_sequence = (SELECT max(sequence) FROM consent.outbox o WHERE o.line = h.line)`);
    await (await new Kvm(plane.bus).open('consent')).delete('organisation');
    await plane.run('consent');
    expect(canonicalJson(await publishedRevision('organisation', revision))).toBe(canonicalJson(await stored('organisation')));
    await eventually('nothing waits', async () => ((await plane.sql('SELECT 1 FROM consent.outbox WHERE sent_at IS NULL')).length === 0 ? true : undefined));
    const evidence = (await plane.said<{ id: string; data: { kind: string } }>('EVIDENCE', 'mw.evidence.consent')).filter(({ data }) => data.kind === 'decision');
    const decisions = await plane.sql('SELECT 1 FROM consent.decision');
    expect(new Set(evidence.map(({ id }) => id)).size).toBe(evidence.length);
    expect(evidence).toHaveLength(decisions.length);
  });
});

describe('an entry in the bucket', () => {
  const signedAs = async (revision: number): Promise<SignedDocument<ConsentEntry>> => signDocument(await loadSigner(plane.nats.identity.services.consent.signingKey), SIGNING_CONTEXTS.consent, { ...((await stored('organisation'))?.payload as ConsentEntry), revision });
  const lookedBack = async (standing: unknown): Promise<SignedDocument<ConsentEntry> | undefined> => {
    await (await new Kvm(plane.bus).open('consent')).put('organisation', JSON.stringify(standing));
    await plane.end('consent');
    await plane.run('consent');
    await decided({ agreement: 'privacy-policy', scope: { kind: 'group', label: 'site', value: 'any' } });
    await publishedRevision('group.site=any', Number((await stored('group.site=any'))?.payload.revision));
    return published('organisation');
  };

  it('that is older, or not of the registry, gives way; one of its own that is later stays', async () => {
    const revision = (await stored('organisation'))?.payload.revision ?? 0;
    const isStored = async (entry: SignedDocument<ConsentEntry> | undefined) => expect(canonicalJson(entry)).toBe(canonicalJson(await stored('organisation')));
    await eventually('the older one gives way', async () => ((await lookedBack(await signedAs(revision - 1)))?.payload.revision === revision ? true : undefined));
    const forged = { ...(await signedAs(revision + 50)), signature: 'A'.repeat(86) };
    await lookedBack(forged);
    await eventually('the forged one gives way', async () => ((await published('organisation'))?.payload.revision === revision ? true : undefined));
    await isStored(await published('organisation'));
    const later = await signedAs(revision + 1);
    expect(canonicalJson(await lookedBack(later))).toBe(canonicalJson(later));
    await (await new Kvm(plane.bus).open('consent')).put('organisation', JSON.stringify(await stored('organisation')));
  });
});

describe('convergence', () => {
  it('is told exactly once for a revision, when the last server of the scope attested it', async () => {
    const scope = 'organisation';
    const { id } = await decided({ action: 'grant' });
    const { revision } = (await stored(scope))?.payload ?? { revision: 0 };
    const [first, second] = agents;
    const toldBefore = (await convergedEvents()).filter(({ data }) => data.detail.scope === scope).length;
    await first?.attest({ [scope]: revision });
    await second?.attest({ [scope]: revision - 1 });
    await settled();
    expect((await convergedEvents()).filter(({ data }) => data.detail.scope === scope)).toHaveLength(toldBefore);
    const bytes = await second?.attest({ [scope]: revision });
    await second?.repeat('mw.attestation.mx-2', bytes ?? new Uint8Array());
    await Promise.all(agents.map((agent) => agent.attest({ [scope]: revision })));
    await settled();
    const told = await eventually('the event', async () => {
      const events = (await convergedEvents()).filter(({ data }) => data.detail.scope === scope);
      return events.length > toldBefore ? events : undefined;
    });
    expect(told).toHaveLength(toldBefore + 1);
    expect(told.at(-1)?.data.detail.servers).toBe(2);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is not waited for where no server is in the scope', async () => {
    await decided({ scope: { kind: 'group', label: 'site', value: 'nowhere' } });
    await eventually('the scope is closed', async () => ((await plane.sql(`SELECT 1 FROM consent.scope WHERE scope_key = 'group.site=nowhere' AND converged_revision = revision`)).length === 1 ? true : undefined));
    expect((await convergedEvents()).filter(({ data }) => data.detail.scope === 'group.site=nowhere')).toEqual([]);
  });

  it('does not believe an agent about another server', async () => {
    await agents[0]?.say('mw.attestation.mx-1', 'mailwarden.consent.attested.v1', { ...JSON.parse(JSON.stringify((await plane.said<{ data: object }>('EVIDENCE', 'mw.attestation.mx-2')).at(-1)?.data)) });
    await settled();
    expect((await plane.said<DeadLetter>('DEAD', 'mw.dead.consent-attestations')).map(({ reason }) => reason)).toEqual(['an agent spoke in the name of another server']);
  });
});

describe('an instance whose clock was ahead', () => {
  it('does not turn the order round, also between scopes: whatever is recorded after it is later', async () => {
    const grant = await decided({ agreement: 'eula', scope: { kind: 'server', server: 'mx-1' as never } });
    const ahead = instantOf(Date.parse(grant.recordedAt) + 120_000);
    await plane.sql(`UPDATE consent.decision SET document = document || jsonb_build_object('decidedAt', $2::text, 'recordedAt', $2::text) WHERE id = $1`, [grant.id, ahead]);
    const withdrawal = await decided({ agreement: 'eula', action: 'withdraw' });
    expect(withdrawal.recordedAt > ahead).toBe(true);
    expect(withdrawal.decidedAt > ahead).toBe(true);
  });
});

describe('decisions of a file', () => {
  const on = 'privacy-policy';
  const DOCUMENT = sha256('the file');
  const row = (part: object = {}) => ({ agreement: on, textSha256: null, action: 'grant', scope: { kind: 'organisation' }, onBehalfOf: 'Example organisation', reason: 'paper', validUntil: null, region: null, decidedAt: instantOf(Date.now() - 3 * DAY_MS), ...part });
  const take = (decisions: readonly object[], dryRun = false) => plane.questions.ask('consent.import', { decisions, documentSha256: DOCUMENT, by: 'op', dryRun } as never, { timeoutMs: 20_000 });
  const count = async (): Promise<number> => Number((await plane.sql<{ n: string }>('SELECT count(*) AS n FROM consent.decision'))[0]?.n);
  const outbox = async (): Promise<number> => Number((await plane.sql<{ n: string }>('SELECT count(*) AS n FROM consent.outbox'))[0]?.n);

  it('are taken over together, in their order, each with the hash of the file; or only tried', async () => {
    const before = [await count(), await outbox()];
    const file = [row(), row({ action: 'withdraw', decidedAt: instantOf(Date.now() - 2 * DAY_MS) }), row({ scope: { kind: 'server', server: 'mx-1' } })];
    expect(await take(file, true)).toMatchObject({ ok: true, value: { recorded: false, rows: [{ ok: true, value: { action: 'grant' } }, { ok: true, value: { action: 'withdraw' } }, { ok: true }] } });
    expect([await count(), await outbox()]).toEqual(before);
    expect(await take(file)).toMatchObject({ ok: true, value: { recorded: true } });
    expect(await count()).toBe((before[0] ?? 0) + 3);
    const rows = await plane.sql<{ document: Decision }>('SELECT document FROM consent.decision ORDER BY position DESC LIMIT 3');
    expect(rows.map(({ document }) => document)).toMatchObject(['server', 'organisation', 'organisation'].map((kind) => ({ scope: { kind }, means: 'imported-document', documentSha256: DOCUMENT, decidedBy: 'op' })));
    const entry = await publishedRevision('organisation', (await stored('organisation'))?.payload.revision ?? 0);
    expect(entry.payload.decisions.filter(({ agreement }) => agreement === on).map(({ action }) => action)).toEqual(['withdraw']);
  });

  it('are not taken over where one of them cannot be: each is told, and nothing is recorded', async () => {
    const before = [await count(), await outbox()];
    const reply = await take([row(), row({ agreement: 'privacy-polcy' }), row({ scope: { kind: 'server', server: 'mx-9' } }), row({ textSha256: sha256('nobody knows it') }), row({ decidedAt: instantOf(Date.now() + DAY_MS) }), row(), row({ agreement: 'supplementary-ksn-statement' })]);
    expect(reply).toMatchObject({ ok: true, value: { recorded: false, rows: [{ ok: true }, { ok: false, code: 'unknown-agreement' }, { ok: false, code: 'unknown-server' }, { ok: false, code: 'unknown-text' }, { ok: false, code: 'in-the-future' }, { ok: true }, { ok: false, code: 'unknown-text', detail: expect.stringContaining('name the one that was agreed to') }] } });
    expect([await count(), await outbox()]).toEqual(before);
  });

  it('are taken over as many as a file may hold', async () => {
    const before = await count();
    expect(await take(Array.from({ length: IMPORT_ROWS_MAX }, (_, index) => row({ reason: 'x'.repeat(500), decidedAt: instantOf(Date.now() - index * 1_000) })))).toMatchObject({ ok: true, value: { recorded: true } });
    expect(await count()).toBe(before + IMPORT_ROWS_MAX);
  }, 60_000);
});
