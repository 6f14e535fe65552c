import { SIGNING_CONTEXTS, type Checkpoint, type ConsentEntry } from '@mailwarden/contracts';
import { generateSigningKey, loadSigner } from '@mailwarden/identity';
import { canonicalJson, instantOf, known, signDocument, signerFromPem, uuidOf, verifySignature, type Sha256, type SignedDocument } from '@mailwarden/kernel';
import { consistencyProof, leafHash, verifyConsistency, verifyInclusion } from '@mailwarden/ledger';
import { putEntry } from '@mailwarden/messaging';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trimEvidence } from '../../apps/reporting-service/src/append-evidence/evidence-trim.js';
import { LedgerBook } from '../../apps/reporting-service/src/append-evidence/ledger-book.js';
import type { RunningReporting } from '../../apps/reporting-service/src/boot.js';
import { ConvergenceWatch } from '../../apps/reporting-service/src/follow-consent/convergence-watch.js';
import { ControlPlane, eventually } from './control-plane.js';
import { receiptOf, type FleetSpeaker } from './fleet-speaker.js';

const MINUTE_MS = 60_000;
/** Something that is a finding on any host. */
const ODD = { access: { accounts: [], breaches: [{ kind: 'mode' as const, account: 'others', read: true, write: false, items: 3, mode: '0777', because: 'mode 0777' }] } };

let plane: ControlPlane;
let reporting: RunningReporting;
let agent: FleetSpeaker;

const settled = (): Promise<void> => plane.settled('reporting-observations', 'reporting-evidence');
const findings = (server: string, code: string): Promise<{ id: string; state: string; message: string }[]> => plane.sql('SELECT id, state, message FROM reporting.finding WHERE server = $1 AND code = $2', [server, code]);
const lifeOf = async (id: string): Promise<string[]> => (await plane.sql<{ what: string }>('SELECT what FROM reporting.finding_history WHERE finding = $1 ORDER BY position', [id])).map(({ what }) => what);
const eventNames = async (server: string): Promise<string[]> => (await plane.said<{ data: { event: string } }>('EVENTS', `mw.event.*.*.*.${server}`)).map(({ data }) => data.event);
const stateOf = async (server: string): Promise<string | undefined> => (await plane.sql<{ agent_state: string }>('SELECT agent_state FROM reporting.server WHERE name = $1', [server]))[0]?.agent_state;
const stateIs = (server: string, state: string, timeoutMs?: number): Promise<true> => eventually(`${server} is ${state}`, async () => ((await stateOf(server)) === state ? true : undefined), timeoutMs);

async function start(): Promise<void> {
  reporting = (await plane.run('reporting')) as RunningReporting;
}

beforeAll(async () => {
  plane = await ControlPlane.start(['mx-1', 'mx-2', 'mx-3', 'mx-4', 'mx-9']);
  await plane.writeFleet(['mx-1', 'mx-2', 'mx-3', 'mx-4']);
  await start();
  agent = await plane.speaker('mx-1');
}, 120_000);
afterAll(async () => plane?.stop());

describe('observations', () => {
  it('out of order and doubled give one row of history each, and the newest stands', async () => {
    const now = Date.now();
    const bytes: Uint8Array[] = [];
    for (const back of [3, 0, 2, 1]) bytes.push(await agent.observe({ bytes: 100 * (4 - back) }, now - back * MINUTE_MS, { sequence: 4 - back }));
    for (const copy of [...bytes, ...bytes.reverse()]) await agent.repeat('mw.observation.mx-1', copy);
    await settled();
    const history = await plane.sql<{ bytes: string }>(`SELECT bytes_allocated AS bytes FROM reporting.store_history WHERE server = 'mx-1' ORDER BY at`);
    expect(history.map((row) => Number(row.bytes))).toEqual([100, 200, 300, 400]);
    expect(await plane.sql(`SELECT bytes_stored, sequence FROM reporting.server s JOIN reporting.observation o ON o.server = s.name WHERE s.name = 'mx-1'`)).toEqual([{ bytes_stored: '400', sequence: '4' }]);
  });

  it('of a server that is not in the fleet yet wait, and are handled when it is', async () => {
    const stranger = await plane.speaker('mx-9');
    await stranger.observe({ bytes: 7 });
    await plane.writeFleet(['mx-1', 'mx-2', 'mx-3', 'mx-4', 'mx-9']);
    await eventually('its history', async () => ((await plane.sql(`SELECT 1 FROM reporting.store_history WHERE server = 'mx-9'`)).length === 1 ? true : undefined));
    expect(await plane.said('DEAD', 'mw.dead.reporting-observations')).toEqual([]);
  });
});

describe('a decision that has not reached a server in time', () => {
  it('is a finding there until the agent says that it applied it, and once only', async () => {
    const server = await plane.speaker('mx-2');
    const entry: ConsentEntry = { schema: 'mailwarden/consent-entry/v1', scope: { kind: 'server', server: 'mx-2' as never }, revision: 3, decisions: [], publishedAt: instantOf(Date.now() - 2 * MINUTE_MS) };
    await putEntry(plane.bus, 'consent', 'server.mx-2', signDocument(await loadSigner(plane.nats.identity.services.consent.signingKey), SIGNING_CONTEXTS.consent, entry));
    const watch = reporting.app.get(ConvergenceWatch);
    await watch.look();
    expect(await findings('mx-2', 'consent-not-converged')).toEqual([]); // It has only just come into the fleet.
    await plane.sql(`UPDATE reporting.server SET since = now() - interval '1 hour' WHERE name = 'mx-2'`);
    await eventually('the finding', async () => {
      await watch.look();
      return (await findings('mx-2', 'consent-not-converged')).length === 1 ? true : undefined;
    });
    await watch.look();
    const [found] = await findings('mx-2', 'consent-not-converged');
    expect(found).toMatchObject({ state: 'open', message: expect.stringContaining('decisions for server.mx-2 have not been applied') as string });
    expect(await findings('mx-1', 'consent-not-converged')).toEqual([]);
    await server.attest({ 'server.mx-2': 3 });
    await settled();
    await watch.look();
    expect(await lifeOf(found?.id ?? '')).toEqual(['opened', 'resolved']);
    expect((await eventNames('mx-2')).filter((name) => name === 'finding.opened')).toHaveLength(1);
  });
});

describe('the history of a store', () => {
  it('tells when its limit is reached, and late and doubled scans bend nothing', async () => {
    const server = await plane.speaker('mx-3');
    const dayMs = 86_400_000;
    const now = Date.now();
    const scan = (back: number, bytes: number): Promise<Uint8Array> => server.observe({ bytes, configuredLimits: [{ kind: 'bytes', limit: known({ value: 1e9, written: '1000' }, 'settings') }] }, now - back * dayMs);
    for (let back = 9; back >= 0; back -= 1) {
      const bytes = await scan(back, 0.1e9 + (9 - back) * 0.08e9);
      await server.repeat('mw.observation.mx-3', bytes);
    }
    await settled();
    expect(await findings('mx-3', 'limit-soon')).toMatchObject([{ state: 'open', message: expect.stringContaining('grows by 80.0 MB a day and reaches 1.00 GB') as string }]);
    const trends = await plane.sql<{ points: string }>(`SELECT jsonb_array_length(trends -> 'backup' -> 'points') AS points FROM reporting.store_trend WHERE server = 'mx-3'`);
    expect(trends.map(({ points }) => Number(points))).toEqual([10]);
    await scan(-1, 0.5e9); // It was rotated, so it has no history since.
    await settled();
    expect((await findings('mx-3', 'limit-soon')).map(({ state }) => state)).toEqual(['resolved']);
  });
});

describe('a finding', () => {
  it('is opened once, updated quietly, resolved, and reopened under its old id', async () => {
    const server = await plane.speaker('mx-2');
    const code = 'access-too-wide';
    for (let times = 0; times < 3; times += 1) await server.observe(ODD);
    await settled();
    const opened = await plane.sql<{ id: string; code: string; store: string }>(`SELECT id, code, store FROM reporting.finding WHERE server = 'mx-2' AND state = 'open' AND store = 'backup'`);
    const found = opened.find((row) => row.code === code) ?? opened[0];
    expect(found).toBeDefined();
    const id = found?.id ?? '';
    expect(await lifeOf(id)).toEqual(['opened']);
    await server.observe({ access: { accounts: [], breaches: [{ ...ODD.access.breaches[0]!, items: 4 }] } });
    await settled();
    expect(await lifeOf(id)).toEqual(['opened']);
    await server.observe();
    await settled();
    expect((await findings('mx-2', found?.code ?? '')).map(({ state }) => state)).toContain('resolved');
    await server.observe(ODD);
    await settled();
    expect(await lifeOf(id)).toEqual(['opened', 'resolved', 'reopened']);
    await eventually('its events', async () => ((await eventNames('mx-2')).filter((name) => name === 'finding.opened').length >= 2 ? true : undefined));
    const ofFinding = (await plane.said<{ data: { event: string; detail: { finding?: string } } }>('EVENTS', 'mw.event.finding.*.*.mx-2')).filter(({ data }) => data.detail.finding === id).map(({ data }) => data.event);
    expect(ofFinding).toEqual(['finding.opened', 'finding.resolved', 'finding.opened']);
  });
});

describe('evidence on the bus', () => {
  const held = async (): Promise<number> => (await plane.streamInfo('EVIDENCE')).state.messages;
  const trim = async (keptMs: number): Promise<number> => trimEvidence(await jetstreamManager(plane.bus), Date.now(), keptMs);

  it('leaves when everybody has taken it for keeps, and not before', async () => {
    for (let revision = 1; revision <= 5; revision += 1) await agent.attest({ organisation: revision }, Date.now() + revision);
    await plane.settled('reporting-evidence');
    // The consent registry has not run yet: what it has not taken stays, however old it is.
    expect(await trim(0)).toBe(0);
    await plane.run('consent');
    await plane.settled('reporting-evidence', 'consent-attestations');
    const before = await held();
    expect(before).toBeGreaterThanOrEqual(5);
    expect(await trim(60 * MINUTE_MS)).toBe(0);
    const entries = await plane.sql('SELECT index FROM reporting.ledger_entry');
    // No receipt is among it, so that nothing waits for the rotation worker either.
    const left = await trim(0);
    expect({ left, stay: await held() }).toEqual({ left: before, stay: 0 });
    expect(await plane.sql('SELECT index FROM reporting.ledger_entry')).toHaveLength(entries.length);
    await plane.end('consent');
  });
});

describe('the ledger', () => {
  const leaves = (): Promise<{ index: string; kind: string; leaf_hash: Sha256; document: unknown }[]> => plane.sql('SELECT index, kind, leaf_hash, document FROM reporting.ledger_entry ORDER BY index');
  const checkpoints = (): Promise<{ document: SignedDocument<Checkpoint> }[]> => plane.sql('SELECT document FROM reporting.checkpoint ORDER BY size');

  it('takes every receipt, attestation and statement once, and proves each after restarts', { timeout: 60_000 }, async () => {
    const speaker = await plane.speaker('mx-3');
    const orderOf = (index: number) => ({ id: uuidOf('order', String(index)), server: 'mx-3', profile: 'kaspersky-klms-8', store: 'backup', policy: { name: 'cap' }, bounds: { items: 1, bytes: 1, percent: 1, deadlineSeconds: 1 } }) as never;
    const before = (await leaves()).length;
    for (let round = 0; round < 3; round += 1) {
      const sizeBefore = (await checkpoints()).at(-1)?.document.payload.size ?? 0;
      for (let index = 0; index < 5; index += 1) {
        const receipt = receiptOf(orderOf(round * 5 + index));
        await speaker.account(receipt);
        await speaker.account(receipt);
        const said = await speaker.attest({ organisation: round * 5 + index }, Date.now() + index);
        await speaker.repeat('mw.attestation.mx-3', said);
      }
      await settled();
      await eventually('a checkpoint of it', async () => (((await checkpoints()).at(-1)?.document.payload.size ?? 0) > sizeBefore ? true : undefined));
      await plane.end('reporting');
      await start();
    }
    const entries = await leaves();
    expect(entries.length - before).toBe(30);
    expect(entries.map(({ index }) => Number(index))).toEqual(entries.map((_, index) => index));
    for (const { document, leaf_hash } of entries) expect(leafHash(Buffer.from(canonicalJson(document)))).toBe(leaf_hash);
    const newest = await eventually('a checkpoint of everything', async () => {
      const last = (await checkpoints()).at(-1)?.document;
      return last?.payload.size === entries.length ? last : undefined;
    });
    const proofs = await reporting.app.get(LedgerBook).proofs(entries.map((_, index) => index), newest);
    for (const [index, { leaf_hash }] of entries.entries()) {
      const proof = proofs.get(index)?.inclusion ?? [];
      expect(verifyInclusion({ leafHash: leaf_hash, index, size: entries.length, proof, rootHash: newest.payload.rootHash }), String(index)).toBe(true);
    }
    expect(verifyInclusion({ leafHash: entries[1]!.leaf_hash, index: 0, size: entries.length, proof: proofs.get(0)?.inclusion ?? [], rootHash: newest.payload.rootHash })).toBe(false);
    const all = await checkpoints();
    expect(all.length).toBeGreaterThan(2);
    const { publicKey } = await loadSigner(plane.nats.identity.services.reporting.signingKey);
    const leafAt = (index: number): Sha256 => entries[index]!.leaf_hash;
    for (const { document } of all) {
      const { size, rootHash } = document.payload;
      expect(verifySignature(publicKey, SIGNING_CONTEXTS.checkpoint, document.payload, document.signature)).toBe(true);
      expect(verifyConsistency({ oldSize: size, newSize: entries.length, proof: consistencyProof(leafAt, size, entries.length), oldRoot: rootHash, newRoot: newest.payload.rootHash }), `from ${size}`).toBe(true);
    }
  });
});

describe('signs of life', () => {
  it('forged, stale or played again keep nobody alive; silence and return are told once', { timeout: 60_000 }, async () => {
    const server = await plane.speaker('mx-4');
    const thief = signerFromPem(generateSigningKey().pem);
    server.beat(Date.now(), thief);
    const firstAt = Date.now();
    server.beat(firstAt);
    await stateIs('mx-4', 'live');
    const stale = setInterval(() => {
      server.beat(firstAt);
      server.beat(firstAt - MINUTE_MS);
      server.beat(Date.now(), thief);
    }, 300);
    try {
      await stateIs('mx-4', 'silent', 40_000);
    } finally {
      clearInterval(stale);
    }
    expect(await findings('mx-4', 'agent-silent')).toMatchObject([{ state: 'open' }]);
    server.beat();
    await stateIs('mx-4', 'live');
    expect(await findings('mx-4', 'agent-silent')).toMatchObject([{ state: 'resolved' }]);
    await eventually('the events', async () => ((await eventNames('mx-4')).includes('agent.returned') ? true : undefined));
    expect((await eventNames('mx-4')).filter((name) => name.startsWith('agent.'))).toEqual(['agent.silent', 'agent.returned']);
  });
});
