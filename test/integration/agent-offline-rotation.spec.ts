import { randomUUID } from 'node:crypto';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MESSAGE_TYPES, sealEnvelope, SIGNING_CONTEXTS, subjects, type DeadLetter, type Hold, type PolicyBundle, type Receipt, type RotationOrder } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { instantOf, sha256, signDocument } from '@mailwarden/kernel';
import { publishDurable, putEntry } from '@mailwarden/messaging';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { carryOutOrder } from '../../apps/rotation-executor/src/carry-out-order.js';
import { loadExecutorSettings } from '../../apps/rotation-executor/src/executor-settings.js';
import { ControlPlane, eventually } from './control-plane.js';
import { PROFILE } from './fleet-speaker.js';
import { RealAgent } from './real-agent.js';

const SERVERS = ['mx-1', 'mx-2', 'mx-3', 'mx-4', 'mx-5'];
const AN_HOUR_MS = 3_600_000;
const SUITE_MS = 90_000;
const FILE_BYTES = 4_096;
const POLICY = `schema: mailwarden/policy/v1\nkind: retention\nname: cap\nreason: A test\nmode: enforce\nlimits: { bytes: ${10 * FILE_BYTES} B }\ntarget: 50 %\nstores: [ ${PROFILE}/reports ]\nbounds: { percent: 100 }\n`;

let plane: ControlPlane;
let agent: RealAgent;
let server: string;
let fresh = 0;

const fill = async (count: number, from = 0): Promise<void> => {
  for (let index = from; index < from + count; index += 1) {
    await writeFile(join(agent.store, `report-${index}`), Buffer.alloc(FILE_BYTES));
    await utimes(join(agent.store, `report-${index}`), 1_600_000_000 + index, 1_600_000_000 + index);
  }
};
const left = async (): Promise<string[]> => (await readdir(agent.store)).filter((name) => name.startsWith('report-'));
const receipts = async (): Promise<Receipt[]> => (await plane.said<{ data: { payload: Receipt } }>('EVIDENCE', subjects.receipt(server))).map(({ data }) => data.payload);
const lastKnown = (): Promise<string[]> => readdir(join(agent.spoolDir, 'last-known'));
const spooledEvidence = async (): Promise<number> => (await readdir(join(agent.spoolDir, 'outbox'))).filter((name) => name.endsWith('evidence')).length;

async function newAgent(): Promise<void> {
  server = SERVERS[(fresh += 1) - 1] ?? '';
  await plane.enrol(server);
  agent = await RealAgent.prepare(server, plane.nats, { offlineAfterSeconds: 1 });
}

const terms = (): Pick<RotationOrder, 'profile' | 'store' | 'watermarks' | 'clock' | 'keep' | 'bounds'> => ({ profile: PROFILE as RotationOrder['profile'], store: 'reports' as RotationOrder['store'], watermarks: [{ kind: 'bytes', limit: 10 * FILE_BYTES, target: 5 * FILE_BYTES }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: { items: 10_000, bytes: 1e12, percent: 100, deadlineSeconds: 60 } });

async function putBundle(version: number, part: Partial<PolicyBundle> = {}): Promise<void> {
  const rule = { policy: 'cap', policyVersion: sha256('cap'), ...terms(), mode: 'enforce', offline: true, written: {} };
  const bundle = { schema: 'mailwarden/policy-bundle/v1', server, version, labels: {}, rules: [rule], holds: [], transmission: { failClosed: false }, scanIntervalSeconds: 1, issuedAt: instantOf(Date.now()), expiresAt: instantOf(Date.now() + AN_HOUR_MS), ...part } as PolicyBundle;
  await putEntry(plane.bus, 'bundle', server, signDocument(await loadSigner(plane.nats.identity.services.rotation.signingKey), SIGNING_CONTEXTS.bundle, bundle));
}

const orderOf = (part: Partial<RotationOrder> = {}): RotationOrder => ({ schema: 'mailwarden/rotation-order/v1', id: randomUUID(), server, policy: { name: 'cap', version: sha256('cap') }, ...terms(), holds: [], issuedAt: instantOf(Date.now()), expiresAt: instantOf(Date.now() + AN_HOUR_MS), ...part }) as RotationOrder;

async function giveOrder(part: Partial<RotationOrder> = {}): Promise<string> {
  const order = orderOf(part);
  const signer = await loadSigner(plane.nats.identity.services.rotation.signingKey);
  const envelope = sealEnvelope(signer, { id: randomUUID(), source: 'mailwarden/rotation', type: MESSAGE_TYPES.order, time: order.issuedAt, subject: subjects.order(server), sequence: 0, data: signDocument(signer, SIGNING_CONTEXTS.order, order) });
  await publishDurable(plane.bus, { subject: subjects.order(server), id: envelope.id, bytes: Buffer.from(JSON.stringify(envelope)) });
  return order.id;
}

const hold = { id: 'case-1', profile: null, store: null, from: null, until: null, reason: 'A court asked' } as Hold;

beforeAll(async () => {
  plane = await ControlPlane.start(SERVERS);
}, 120_000);
afterEach(async () => {
  await agent?.remove();
});
afterAll(async () => plane?.stop());

describe('an agent that was away', () => {
  it('does what is still right: an order that ran out meanwhile deletes nothing, and a hold that came meanwhile is older than no order', { timeout: 2 * SUITE_MS }, async () => {
    await newAgent();
    await fill(20);
    await putBundle(1);
    const late = await giveOrder({ expiresAt: instantOf(Date.now() + 1) });
    const held = await giveOrder();
    await putBundle(2, { holds: [hold] });
    await agent.start();
    const said = await eventually('both are answered', async () => ((await receipts()).length === 2 ? receipts() : undefined), SUITE_MS);
    expect(said.find(({ order }) => order === late)).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('ran out') });
    expect(said.find(({ order }) => order === held)).toMatchObject({ outcome: 'nothing-to-do', deleted: { items: 0 }, skipped: [{ reason: 'held', items: 20 }] });
    expect(await left()).toHaveLength(20);
  });

  it('ends a rotation that is under way when a hold on its store comes, and tells how far it came', { timeout: 2 * SUITE_MS }, async () => {
    await newAgent();
    await fill(400);
    await putBundle(1);
    await agent.start();
    const order = await giveOrder({ pace: { itemsPerSecond: 20, bytesPerSecond: null } });
    await eventually('it has begun', async () => ((await readdir(agent.store)).some((name) => name.startsWith('.mailwarden-')) ? true : undefined), SUITE_MS);
    await putBundle(2, { holds: [hold] });
    const [receipt] = await eventually('its account', async () => ((await receipts()).length > 0 ? receipts() : undefined), SUITE_MS);
    expect(receipt).toMatchObject({ order, outcome: 'stopped', reason: 'it was told to end' });
    expect(receipt?.deleted.items).toBeLessThan(390);
    expect(await left()).toHaveLength(400 - (receipt?.deleted.items ?? 0));
  });
});

describe('an order that was cut short and that nobody gives any more', () => {
  it('is accounted for by the agent of its host, as soon as that starts', { timeout: 2 * SUITE_MS }, async () => {
    await newAgent();
    await fill(20);
    const signer = await loadSigner(plane.nats.identity.services.rotation.signingKey);
    const order = orderOf({ expiresAt: instantOf(Date.now() + 5_000) });
    const watch = (step: string): void => {
      if (step === 'deleted') throw new Error('broken off');
    };
    await expect(carryOutOrder(JSON.stringify(signDocument(signer, SIGNING_CONTEXTS.order, order)), await loadExecutorSettings(join(agent.dir, 'executor.json')), watch)).rejects.toThrow('broken off');
    await eventually('it has run out', async () => (Date.now() > Date.parse(order.expiresAt) ? true : undefined));
    await agent.start();
    const receipt = await eventually('its account', async () => (await receipts()).find((one) => one.order === order.id), SUITE_MS);
    expect(receipt).toMatchObject({ resumed: true, reason: expect.stringContaining('ran out'), deleted: { items: 15 } });
    expect(await left()).toHaveLength(5);
  });
});

describe('an agent without a control plane', () => {
  it('observes when its bundle has run out', { timeout: 2 * SUITE_MS }, async () => {
    await newAgent();
    await putBundle(1, { expiresAt: instantOf(Date.now() + 4_000) });
    await agent.start();
    await eventually('the bundle is kept', async () => ((await lastKnown()).includes('bundle.json') ? true : undefined));
    await agent.end();
    await plane.nats.kill();
    await eventually('the bundle has run out', async () => (Date.now() > Date.parse(JSON.parse(await readFile(join(agent.spoolDir, 'last-known/bundle.json'), 'utf8')).payload.expiresAt) ? true : undefined));
    await fill(20);
    await agent.start();
    const measured = async (): Promise<number> => (await readdir(join(agent.spoolDir, 'outbox'))).filter((name) => name.endsWith('measurement')).length;
    const before = await measured();
    await eventually('it has measured thrice', async () => ((await measured()) >= before + 3 ? true : undefined));
    expect(await lastKnown()).not.toContain('offline-task.json');
    expect(await left()).toHaveLength(20);
    await plane.nats.start();
    await eventually('the bus is back for the suite too', receipts);
  });

  it('carries out what its bundle permits, waits with the account, and is believed when it is heard again', { timeout: 3 * SUITE_MS }, async () => {
    await newAgent();
    await plane.writeFleet([server]);
    await writeFile(join(plane.dir, 'cap.yaml'), POLICY);
    for (const name of ['reporting', 'rotation'] as const) await plane.run(name);
    await agent.start();
    await eventually('its own bundle is kept', async () => ((await lastKnown()).includes('bundle.json') ? true : undefined));
    await plane.nats.kill();
    await fill(20);
    await eventually('the store is brought down to its target', async () => ((await left()).length === 5 ? true : undefined), SUITE_MS);
    expect((await left()).sort()).toEqual(['report-15', 'report-16', 'report-17', 'report-18', 'report-19']);
    await eventually('the account waits on disk', async () => ((await spooledEvidence()) > 0 ? true : undefined));
    // A new start has nothing to repeat.
    await agent.end();
    await agent.start();
    await fill(4, 100);
    await plane.nats.start();
    const receipt = await eventually('the account arrives', async () => (await receipts()).find(({ authority }) => authority?.kind === 'bundle'), SUITE_MS);
    expect(receipt).toMatchObject({ outcome: 'completed', policy: 'cap', authority: { kind: 'bundle' }, deleted: { items: 15, bytes: 15 * FILE_BYTES } });
    await plane.settled('reporting-evidence', 'rotation-receipts');
    expect(await plane.sql(`SELECT kind FROM reporting.ledger_entry WHERE reference = $1`, [receipt.order])).toEqual([{ kind: 'receipt' }]);
    expect(await plane.sql(`SELECT o.document ->> 'watermarks' AS watermarks, r.signature_holds FROM reporting.rotation_order o JOIN reporting.rotation_receipt r ON r.order_id = o.id WHERE o.id = $1`, [receipt.order])).toEqual([{ watermarks: '[]', signature_holds: true }]);
    const told = await plane.said<{ data: { detail: { order: string } } }>('EVENTS', `mw.event.rotation.completed.*.${server}`);
    expect(told.filter(({ data }) => data.detail.order === receipt.order)).toHaveLength(1);
    // What was measured before the rotation may arrive before its account, and be ordered upon: such an order finds nothing left to do.
    const others = (await receipts()).filter(({ order }) => order !== receipt.order);
    expect(others.map(({ authority, outcome, deleted }) => ({ authority, outcome, items: deleted.items }))).toEqual(others.map(() => ({ authority: { kind: 'order' }, outcome: 'nothing-to-do', items: 0 })));
    expect(await left()).toHaveLength(9);
    // A bundle that nobody issued permits nothing, whoever says so.
    const speaker = await plane.speaker(server);
    // A second account under the id of a first is kept beside it.
    for (let time = 0; time < 2; time += 1) await speaker.account({ ...receipt, deleted: { items: 2, bytes: 2 * FILE_BYTES } });
    await eventually('it is kept', async () => ((await plane.sql(`SELECT 1 FROM reporting.rotation_receipt WHERE server = $1 AND document #>> '{payload,order}' = $2`, [server, receipt.order])).length === 2 ? true : undefined));
    const claimed = { ...receipt, order: randomUUID(), authority: { kind: 'bundle', version: 4_711 } as const };
    await speaker.account(claimed);
    await eventually('it is put aside', async () => ((await plane.said<DeadLetter>('DEAD', 'mw.dead.rotation-receipts')).some(({ reason }) => reason.includes('no bundle of this version was issued')) ? true : undefined));
    expect(await plane.sql(`SELECT 1 FROM rotation.rotation_order WHERE id = $1 UNION ALL SELECT 1 FROM reporting.ledger_entry WHERE reference = $1::text`, [claimed.order])).toEqual([]);
  });
});
