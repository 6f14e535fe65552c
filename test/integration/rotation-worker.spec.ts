import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SIGNING_CONTEXTS, type DeadLetter, type PolicyBundle, type RotationOrder, type SignedPolicyBundle } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { instantOf, verifySignature } from '@mailwarden/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ControlPlane, eventually } from './control-plane.js';
import { PROFILE, receiptOf, type FleetSpeaker } from './fleet-speaker.js';

const SERVERS = Array.from({ length: 16 }, (_, index) => `mx-${index + 1}`);
const LIMIT_BYTES = 2_000;
const OVER = { bytes: LIMIT_BYTES + 1 };
const MINUTE_MS = 60_000;

interface OrderRow { readonly id: string; readonly state: string; readonly document: { readonly payload: RotationOrder } }

let plane: ControlPlane;
let fresh = 0;
let server: string;
let agent: FleetSpeaker;

const policy = (name: string, part = `mode: enforce\nlimits: { bytes: ${LIMIT_BYTES} B }\nstores: [ ${PROFILE}/backup ]`, kind = 'retention'): string => `schema: mailwarden/policy/v1\nkind: ${kind}\nname: ${name}\nreason: A test\n${part}\n`;
const write = (file: string, text: string): Promise<void> => writeFile(join(plane.dir, file), text);
const bundle = async (of = server): Promise<PolicyBundle | undefined> => ((await plane.entry('bundle', of)) as SignedPolicyBundle | undefined)?.payload;
const bundleWith = (what: string, holds: (found: PolicyBundle) => boolean, of = server): Promise<PolicyBundle> => eventually(what, async () => {
  const found = await bundle(of);
  return found !== undefined && holds(found) ? found : undefined;
});
const orders = (of = server): Promise<OrderRow[]> => plane.sql<OrderRow>(`SELECT id, state, document FROM rotation.rotation_order WHERE server = $1 ORDER BY issued_at`, [of]);
const settled = (): Promise<void> => plane.settled('rotation-observations', 'rotation-receipts');
const deadReasons = async (of = server): Promise<string[]> => (await plane.said<DeadLetter>('DEAD', 'mw.dead.>')).filter(({ subject }) => subject.endsWith(`.${of}`)).map(({ reason }) => reason);
const eventsOf = async (name: string): Promise<number> => (await plane.said('EVENTS', `mw.event.${name}.*.${server}`)).length;
const openOrder = async (): Promise<RotationOrder> => {
  await agent.observe(OVER);
  return eventually('an order', async () => (await orders()).find(({ state }) => state === 'open')?.document.payload);
};
const stateIs = (state: string): Promise<true> => eventually(`the order is ${state}`, async () => ((await orders()).some((row) => row.state === state) ? true : undefined));
const backdate = (column: string, byMs: number): Promise<unknown[]> => plane.sql(`UPDATE rotation.rotation_order SET ${column} = ${column} - make_interval(secs => $2) WHERE server = $1`, [server, byMs / 1000]);

beforeAll(async () => {
  plane = await ControlPlane.start(SERVERS);
  await write('cap.yaml', policy('cap'));
  await plane.run('rotation');
}, 120_000);
afterAll(async () => plane?.stop());

beforeEach(async () => {
  server = SERVERS[(fresh += 1) - 1] ?? '';
  agent = await plane.speaker(server);
  await plane.enrol(server);
  await bundleWith('its bundle', ({ rules }) => rules.length > 0);
});

describe('an order', () => {
  it('is given exactly once, however often and in whatever order an observation is delivered', async () => {
    const now = Date.now();
    const [first, second] = [await agent.observe(OVER, now, { sequence: 1 }), await agent.observe({ bytes: 9_000 }, now + 1, { sequence: 2 })];
    for (const bytes of [second, first, first, second]) await agent.repeat(`mw.observation.${server}`, bytes);
    await settled();
    expect((await orders()).map(({ state }) => state)).toEqual(['open']);
    expect(await eventually('it is published', async () => ((await plane.said('ORDERS', `mw.order.${server}`)).length > 0 ? true : undefined))).toBe(true);
    expect(await plane.said('ORDERS', `mw.order.${server}`)).toHaveLength(1);
    expect(await eventsOf('rotation.ordered')).toBe(1);
  });

  it('is not given on an observation that a newer one has overtaken, nor on an old one, nor under the limit', async () => {
    const now = Date.now();
    await agent.observe({ bytes: LIMIT_BYTES }, now);
    await settled();
    await agent.observe(OVER, now - MINUTE_MS);
    await agent.observe(OVER, now - 6 * MINUTE_MS);
    await settled();
    expect(await orders()).toEqual([]);
  });

  it.each(['observe', 'ask'])('is not given in %s', async (mode) => {
    await write('cap.yaml', policy('cap').replace('enforce', mode));
    await bundleWith(`a rule in ${mode}`, ({ rules }) => rules[0]?.mode === mode);
    await agent.observe(OVER);
    await settled();
    expect(await orders()).toEqual([]);
    await write('cap.yaml', policy('cap'));
    await bundleWith('the rule of before', ({ rules }) => rules[0]?.mode === 'enforce');
  });

  it('is not given within the pause after trouble, and is given after it', async () => {
    const order = await openOrder();
    await agent.account(receiptOf(order, { outcome: 'stopped', reason: 'above its bounds' }));
    await stateIs('stopped');
    await agent.observe(OVER, Date.now() + 1);
    await settled();
    expect(await orders()).toHaveLength(1);
    await backdate('finished_at', 11 * MINUTE_MS);
    await agent.observe(OVER, Date.now() + 2);
    await settled();
    expect((await orders()).map(({ state }) => state)).toEqual(['stopped', 'open']);
  });

  it('carries the holds that stand, with what policy says, signed', async () => {
    await write('hold.yaml', policy('court-case', `stores: [ ${PROFILE}/backup ]\nuntil: "2020-01-01T00:00:00.000Z"`, 'hold'));
    await bundleWith('the hold', ({ holds }) => holds.length === 1);
    await openOrder();
    const [row] = await orders();
    const signed = row?.document as unknown as { payload: RotationOrder; signature: string };
    expect(signed.payload).toMatchObject({ holds: [{ id: 'court-case', store: 'backup' }], watermarks: [{ kind: 'bytes', limit: LIMIT_BYTES }], policy: { name: 'cap' } });
    expect(verifySignature((await loadSigner(plane.nats.identity.services.rotation.signingKey)).publicKey, SIGNING_CONTEXTS.order, signed.payload, signed.signature)).toBe(true);
    await rm(join(plane.dir, 'hold.yaml'));
    await bundleWith('no hold', ({ holds }) => holds.length === 0);
  });

  it('is not given where a hold keeps all that the store has', async () => {
    await write('hold.yaml', policy('court-case', `stores: [ ${PROFILE}/backup ]`, 'hold'));
    await bundleWith('the hold', ({ holds }) => holds.length === 1);
    await agent.observe(OVER);
    await settled();
    expect(await orders()).toEqual([]);
    await rm(join(plane.dir, 'hold.yaml'));
    await bundleWith('no hold', ({ holds }) => holds.length === 0);
    await agent.observe(OVER, Date.now() + 1);
    await settled();
    expect(await orders()).toHaveLength(1);
  });
});

describe('an order that nobody took', () => {
  it('expires, makes room for another, and is still closed by a late receipt', async () => {
    const order = await openOrder();
    await backdate('expires_at', 31 * MINUTE_MS);
    await agent.observe(OVER, Date.now() + 1);
    await settled();
    expect((await orders()).map(({ state }) => state)).toEqual(['expired', 'open']);
    await eventually('its event', async () => ((await eventsOf('rotation.expired')) > 0 ? true : undefined));
    await agent.account(receiptOf(order));
    await stateIs('completed');
    expect((await orders()).map(({ state }) => state)).toEqual(['completed', 'open']);
  });

  it('of a server that went silent does not count against the rest of the fleet for ever', async () => {
    await openOrder();
    await plane.sql(`INSERT INTO rotation.rotation_order (id, server, profile, store, policy, state, issued_at, expires_at, document) SELECT gen_random_uuid(), 'gone-' || n, '${PROFILE}', 'backup', 'cap', 'open', now() - interval '2 hours', now() - interval '1 hour', '{}' FROM generate_series(1, 60) AS n`);
    const other = SERVERS[(fresh += 1) - 1] ?? '';
    await plane.enrol(other);
    await bundleWith('its bundle', ({ rules }) => rules.length > 0, other);
    await (await plane.speaker(other)).observe(OVER);
    await settled();
    expect((await orders(other)).map(({ state }) => state)).toEqual(['open']);
    await plane.sql(`DELETE FROM rotation.rotation_order WHERE server LIKE 'gone-%'`);
  });
});

describe('a receipt', () => {
  it('for an unknown order, or not by the executor, is put aside with its reason; a second one changes nothing', async () => {
    const order = await openOrder();
    await agent.account(receiptOf(order), agent.agentKey);
    await agent.account(receiptOf({ ...order, store: 'reports' } as RotationOrder));
    await agent.account(receiptOf(order));
    await stateIs('completed');
    await agent.account(receiptOf(order, { outcome: 'failed', reason: 'another story' }));
    await agent.account(receiptOf({ ...order, id: '00000000-0000-4000-8000-000000000000' } as RotationOrder));
    await settled();
    expect((await orders()).map(({ state }) => state)).toEqual(['completed']);
    expect((await deadReasons()).sort()).toEqual(['failed 8 times: no order of this id was given', 'the receipt is not signed by the executor of its server', 'the receipt tells of another store than its order']);
    expect(await eventsOf('rotation.completed')).toBe(1);
  });

  it('is proved only by an observation that began after it and is under the limit', async () => {
    const order = await openOrder();
    const finished = Date.now();
    await agent.account(receiptOf(order, { finishedAt: instantOf(finished) }));
    await stateIs('completed');
    await agent.observe({ bytes: 1_500 }, finished - 1);
    await settled();
    expect((await orders()).map(({ state }) => state)).toEqual(['completed']);
    await agent.observe({ bytes: 1_500 }, finished + 1);
    await stateIs('proved');
    await eventually('its event', async () => ((await eventsOf('rotation.proved')) > 0 ? true : undefined));
    expect(await eventsOf('rotation.proved')).toBe(1);
  });
});

describe('the policy folder', () => {
  const overview = async () => {
    const answer = await plane.questions.ask('rotation.policies', {}, { timeoutMs: 5_000 });
    if (!answer.ok) throw new Error(answer.detail);
    return answer.value;
  };

  it('changes the bundle when a file changes or goes; a broken file and a second one of a name are told of', async () => {
    const before = await bundleWith('the bundle', () => true);
    await write('cap.yaml', policy('cap', `mode: enforce\nlimits: { bytes: 3000 B }\nstores: [ ${PROFILE}/backup ]`));
    const after = await bundleWith('another limit', ({ rules }) => rules[0]?.watermarks[0]?.limit === 3_000);
    expect(after.version).toBe(before.version + 1);
    await write('twice.yaml', policy('cap', `mode: enforce\nlimits: { bytes: 1 B }\nstores: [ ${PROFILE}/backup ]`));
    await write('broken.yaml', 'schema: mailwarden/policy/v1\nkind: retention\nname: [');
    const told = await eventually('the problems', async () => {
      const { problems } = await overview();
      return problems.length >= 2 ? problems : undefined;
    });
    expect([...new Set(told.map(({ file }) => file))].sort()).toEqual(['broken.yaml', 'twice.yaml']);
    expect((await bundle())?.version).toBe(after.version);
    for (const file of ['twice.yaml', 'broken.yaml', 'cap.yaml']) await rm(join(plane.dir, file));
    expect((await bundleWith('no rule', ({ rules }) => rules.length === 0)).version).toBe(after.version + 1);
    expect((await overview()).problems).toEqual([]);
    await write('cap.yaml', policy('cap'));
  });

  it('keeps a hold whose file became unreadable, also across a restart, until the folder is whole again', async () => {
    await write('hold.yaml', policy('court-case', `stores: [ ${PROFILE}/backup ]`, 'hold'));
    await bundleWith('the hold', ({ holds }) => holds.length === 1);
    await write('hold.yaml', 'schema: mailwarden/policy/v1\nkind: hold\nname: [');
    await eventually('the problem', async () => ((await overview()).problems.length > 0 ? true : undefined));
    await plane.end('rotation');
    await plane.run('rotation');
    await write('cap.yaml', policy('cap', `mode: enforce\nlimits: { bytes: ${LIMIT_BYTES - 1} B }\nstores: [ ${PROFILE}/backup ]`));
    expect((await bundleWith('the changed rule', ({ rules }) => rules[0]?.watermarks[0]?.limit === LIMIT_BYTES - 1)).holds).toMatchObject([{ id: 'court-case' }]);
    await rm(join(plane.dir, 'hold.yaml'));
    await bundleWith('no hold', ({ holds }) => holds.length === 0);
  });

  it('keeps what a transmission policy refused whose file became unreadable, until the folder is whole again', async () => {
    const refusing = policy('no-ksn', 'mode: enforce\nfail-closed: true\neverything: true\nrelays: [ 192.0.2.25 ]\nflows: [ "*/ksn" ]', 'transmission');
    await write('flows.yaml', refusing);
    const before = await bundleWith('the rule', ({ transmission }) => transmission.rules?.length === 1);
    await write('flows.yaml', refusing.replace('mode', 'mood'));
    await eventually('the problem', async () => ((await overview()).problems.length > 0 ? true : undefined));
    await write('cap.yaml', policy('cap', `mode: enforce\nlimits: { bytes: ${LIMIT_BYTES - 2} B }\nstores: [ ${PROFILE}/backup ]`));
    expect((await bundleWith('the changed cap', ({ rules }) => rules[0]?.watermarks[0]?.limit === LIMIT_BYTES - 2)).transmission).toMatchObject({ rules: before.transmission.rules, relays: ['192.0.2.25'] });
    await rm(join(plane.dir, 'flows.yaml'));
    await bundleWith('no rule', ({ transmission }) => transmission.rules === undefined);
  });

  it('gives a server whose profile nobody knows a bundle without rules', async () => {
    await plane.enrol(server, { profiles: ['no-such-product'] as never });
    expect(await bundleWith('a bundle without rules', ({ rules }) => rules.length === 0)).toMatchObject({ server, rules: [] });
    await agent.observe(OVER);
    await settled();
    expect(await orders()).toEqual([]);
  });
});
