import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SIGNING_CONTEXTS, type PolicyBundle, type RotationOrder, type RotationWaiting, type ServiceQuery, type SignedPolicyBundle } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { instantOf, known, verifySignature } from '@mailwarden/kernel';
import type { QueryReply, QueryRequest } from '@mailwarden/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRotationWorker } from '../../apps/rotation-worker/src/rotation-worker.module.js';
import { ControlPlane, eventually } from './control-plane.js';
import { PROFILE, receiptOf, type FleetSpeaker } from './fleet-speaker.js';

const SERVERS = Array.from({ length: 26 }, (_, index) => `mx-${index + 1}`);
const HOUR_MS = 3_600_000;
/** Over the limit, and old enough to go. */
const OVER = { bytes: 2_001, oldestAt: known(instantOf(Date.now() - 2 * HOUR_MS)), newestAt: known(instantOf(Date.now() - HOUR_MS)) };
const ANSWER_MS_MAX = 10_000;

interface OrderRow { readonly id: string; readonly state: string; readonly purpose: string; readonly document: { readonly payload: RotationOrder; readonly signature: string } }

let plane: ControlPlane;
let second: { close(): Promise<void> } | null = null;
let fresh = 0;

async function ask<Q extends ServiceQuery>(query: Q, request: QueryRequest<Q>): Promise<QueryReply<Q>> {
  const answer = await plane.questions.ask(query, request as never, { timeoutMs: ANSWER_MS_MAX });
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
  return answer.value as QueryReply<Q>;
}

const policyText = (name: string, servers: string, more = ''): string => `schema: mailwarden/policy/v1\nkind: retention\nname: ${name}\nreason: A test\nservers: ${servers}\nmode: enforce\nlimits: { bytes: 2000 B }\nstores: [ ${PROFILE}/backup ]\n${more}`;
const holdText = (name: string, server: string): string => `schema: mailwarden/policy/v1\nkind: hold\nname: ${name}\nreason: A case\nservers: { name: ${server} }\nstores: [ ${PROFILE}/backup ]\n`;
const apply = (...documents: string[]) => ask('rotation.apply', { documents, remove: [], by: 'Ada', reason: 'A test', dryRun: false });
const withdraw = (...remove: string[]) => ask('rotation.apply', { documents: [], remove, by: 'Ada', reason: 'It is over', dryRun: false });
const decide = (about: 'request' | 'mark' | 'rollout', id: string, action: 'approve' | 'reject' | 'release' | 'stop' | 'resume', by = 'Ada') => ask('rotation.decide', { about, id, action, by, reason: 'Seen' });
const refusal = (...given: Parameters<typeof decide>): Promise<string> => decide(...given).then(() => 'none', (cause: unknown) => String(cause));
const waiting = (): Promise<RotationWaiting> => ask('rotation.waiting', {});
const orders = (server: string): Promise<OrderRow[]> => plane.sql<OrderRow>(`SELECT id, state, purpose, document FROM rotation.rotation_order WHERE server = $1 ORDER BY issued_at`, [server]);
const settled = (): Promise<void> => plane.settled('rotation-observations', 'rotation-receipts');
const bundle = async (server: string): Promise<PolicyBundle | undefined> => ((await plane.entry('bundle', server)) as SignedPolicyBundle | undefined)?.payload;
const eventsOf = async (name: string, server: string): Promise<number> => (await plane.said('EVENTS', `mw.event.${name}.*.${server}`)).length;
const event = (name: string, server: string): Promise<true> => eventually(`${name} is told`, async () => ((await eventsOf(name, server)) > 0 ? true : undefined));

/** A server of its own for one test, with the labels it wants. */
async function enrolled(labels: Record<string, string> = { role: 'mx' }): Promise<{ server: string; agent: FleetSpeaker }> {
  const server = SERVERS[(fresh += 1) - 1] ?? '';
  const agent = await plane.speaker(server);
  await plane.enrol(server, { labels });
  await eventually('its bundle', () => bundle(server));
  return { server, agent };
}

async function ordersAfter(server: string, agent: FleetSpeaker, facts: object = OVER): Promise<OrderRow[]> {
  await agent.observe(facts);
  await settled();
  return orders(server);
}
const orderOf = async (server: string, agent: FleetSpeaker, purpose = 'rotate'): Promise<RotationOrder> => {
  const row = (await ordersAfter(server, agent)).find((candidate) => candidate.state === 'open' && candidate.purpose === purpose);
  if (row === undefined) throw new Error(`no ${purpose} order for ${server}`);
  return row.document.payload;
};
/** As if the last order had ended long ago, so that no pause keeps the next one. */
const longAgo = (server: string): Promise<unknown[]> => plane.sql(`UPDATE rotation.rotation_order SET finished_at = finished_at - interval '1 hour' WHERE server = $1 AND finished_at IS NOT NULL`, [server]);

async function account(agent: FleetSpeaker, order: RotationOrder, part: Parameters<typeof receiptOf>[1] = {}): Promise<void> {
  await agent.account(receiptOf(order, part));
  await settled();
  await longAgo(order.server);
}

beforeAll(async () => {
  plane = await ControlPlane.start(SERVERS);
  await plane.run('rotation');
}, 120_000);
afterAll(async () => {
  await second?.close();
  await plane?.stop();
});

describe('a policy that is applied', () => {
  it('stands at once with its history, its evidence and its events, and is taken back the same way', async () => {
    const { server } = await enrolled();
    const first = policyText('cap', `{ name: ${server} }`);
    expect(await ask('rotation.apply', { documents: [first], remove: [], by: 'Ada', reason: 'Try', dryRun: true })).toMatchObject({ changes: [{ policy: 'cap', change: 'new', before: null }], mistakes: [] });
    expect([(await bundle(server))?.rules, (await ask('rotation.history', { policy: 'cap' })).versions]).toEqual([[], []]);
    await apply(`# All of them\n${first}`, `---\n${holdText('case-7', server)}`);
    expect(await bundle(server)).toMatchObject({ rules: [{ policy: 'cap', offline: true }], holds: [{ id: 'case-7' }] });
    expect(await apply(first)).toMatchObject({ changes: [{ change: 'same' }] });
    await apply(first.replace('2000', '3000'));
    await withdraw('case-7');
    expect(await bundle(server)).toMatchObject({ rules: [{ watermarks: [{ limit: 3_000 }] }], holds: [] });
    expect(await ask('rotation.history', { policy: 'case-7' })).toMatchObject({ versions: [{ withdrawn: true, by: 'Ada', reason: 'It is over' }, { withdrawn: false }] });
    expect((await ask('rotation.history', { policy: 'cap' })).versions.map(({ text }) => /bytes: (\d+)/.exec(text)?.[1])).toEqual(['3000', '2000']);
    await event('policy.withdrawn', 'fleet');
    expect(await eventsOf('policy.applied', 'fleet')).toBe(3);
    await withdraw('cap');
    expect((await bundle(server))?.rules).toEqual([]);
    expect((await ask('rotation.policies', {})).policies).toEqual([]);
  });

  it('is refused whole for one mistake, which is told by document and line', async () => {
    const broken = policyText('broken', '{}').replace('enforce', 'enforced');
    expect(await apply(policyText('fine', '{}'), broken)).toMatchObject({ mistakes: [{ document: 1, line: 6, path: 'mode' }] });
    expect(await withdraw('nobody')).toMatchObject({ mistakes: [{ message: 'no policy is called nobody' }] });
    expect((await ask('rotation.policies', {})).policies).toEqual([]);
  });
});

describe('a rollout', () => {
  const WAVES = 'rollout: { waves: [ { role: canary }, 100 % ], soak: 1 second, stop-on: { failures: 0 } }';

  it('begins with the canaries, goes on when they went well, and takes the rest in', async () => {
    const [canary, other] = [await enrolled({ role: 'canary', group: 'a' }), await enrolled({ role: 'mx', group: 'a' })];
    await apply(policyText('wave-cap', '{ group: a }', WAVES));
    expect([(await bundle(canary.server))?.rules[0]?.offline, (await bundle(other.server))?.rules[0]?.offline]).toEqual([true, false]);
    expect(await ordersAfter(other.server, other.agent)).toEqual([]);
    const order = await orderOf(canary.server, canary.agent);
    expect((await waiting()).rollouts).toMatchObject([{ policy: 'wave-cap', wave: 0, state: 'running', waves: [{ words: 'role = canary', servers: 1, done: 0 }, { words: '100 % of the servers', servers: 1 }] }]);
    await account(canary.agent, order);
    await eventually('the second wave', async () => ((await waiting()).rollouts[0]?.wave === 1 ? true : undefined));
    await event('rollout.advanced', 'fleet');
    await account(other.agent, await orderOf(other.server, other.agent));
    await eventually('its end', async () => ((await waiting()).rollouts[0]?.state === 'complete' ? true : undefined));
    await apply(policyText('wave-cap', '{ group: a }', `${WAVES}\nkeep: { newest: 1 }`));
    expect((await waiting()).rollouts[0]).toMatchObject({ wave: 0, state: 'running' });
    await withdraw('wave-cap');
  });

  it('stops everywhere when a receipt surprises, says why, and goes on when a person says so', async () => {
    const [canary, other] = [await enrolled({ role: 'canary', group: 'b' }), await enrolled({ role: 'canary', group: 'b' })];
    await apply(policyText('stop-cap', '{ group: b }', WAVES));
    const order = await orderOf(canary.server, canary.agent);
    await account(canary.agent, order, { outcome: 'failed', reason: 'an error of the disk' });
    const [stopped] = (await waiting()).rollouts;
    expect(stopped).toMatchObject({ state: 'stopped', reason: '1 order did not end well; the policy permits 0', waves: [{ failed: 1 }, {}] });
    await event('rollout.stopped', 'fleet');
    expect(await ordersAfter(other.server, other.agent)).toEqual([]);
    await eventually('no authority offline', async () => ((await bundle(other.server))?.rules[0]?.offline === false ? true : undefined));
    expect(await refusal('rollout', 'stop-cap', 'stop')).toContain('stands still already');
    await decide('rollout', 'stop-cap', 'resume');
    await event('rollout.resumed', 'fleet');
    const skipping = await orderOf(other.server, other.agent);
    await account(other.agent, skipping, { deleted: { items: 2, bytes: 1_000 } });
    expect((await waiting()).rollouts[0]?.reason).toContain('50.0 % of what was planned was skipped');
    await decide('rollout', 'stop-cap', 'resume');
    await decide('rollout', 'stop-cap', 'stop', 'Bob');
    expect((await waiting()).rollouts[0]).toMatchObject({ state: 'stopped', reason: 'stopped by a person: Seen' });
    await withdraw('stop-cap');
  });

  it('keeps a store whose order failed for ten minutes, and tries it at once when a person lets it go on', async () => {
    const { server, agent } = await enrolled({ role: 'mx', group: 'tried' });
    await apply(policyText('tried-cap', '{ group: tried }', 'rollout: { stop-on: { failures: 1 } }'));
    const openOrders = async (): Promise<number> => (await orders(server)).filter(({ state }) => state === 'open').length;
    const failing = async (): Promise<void> => {
      const order = await orderOf(server, agent);
      await agent.account(receiptOf(order, { outcome: 'failed', reason: 'an error of the disk' }));
      await settled();
      // The order ended a while ago, and the server was looked at since: no pause but that after trouble keeps the next one.
      await plane.sql(`UPDATE rotation.rotation_order SET finished_at = finished_at - interval '10 seconds' WHERE server = $1`, [server]);
      await agent.observe(OVER);
      await settled();
    };
    await failing();
    expect([(await waiting()).rollouts[0]?.state, await openOrders()]).toEqual(['running', 0]);
    await longAgo(server);
    await failing();
    expect([(await waiting()).rollouts[0]?.state, await openOrders()]).toEqual(['stopped', 0]);
    await decide('rollout', 'tried-cap', 'resume');
    expect(await openOrders()).toBe(1);
    const again = (await orders(server)).find(({ state }) => state === 'open') as OrderRow;
    await agent.account(receiptOf(again.document.payload, { outcome: 'failed', reason: 'an error of the disk' }));
    await settled();
    await plane.sql(`UPDATE rotation.rotation_order SET finished_at = finished_at - interval '10 seconds' WHERE server = $1`, [server]);
    // What fails after that is kept as before: the person looked at what was then.
    expect((await ordersAfter(server, agent)).filter(({ state }) => state === 'open')).toEqual([]);
    await withdraw('tried-cap');
  });

  it('gives no more orders at once than the policy permits on what servers share', async () => {
    const [one, two, three] = [await enrolled({ san: 's1', group: 'c' }), await enrolled({ san: 's1', group: 'c' }), await enrolled({ san: 's2', group: 'c' })];
    await apply(policyText('san-cap', '{ group: c }', 'rollout: { at-once: { per: [ san ], most: 1 } }'));
    const order = await orderOf(one.server, one.agent);
    expect(await ordersAfter(two.server, two.agent)).toEqual([]);
    expect(await ordersAfter(three.server, three.agent)).toHaveLength(1);
    await account(one.agent, order);
    expect(await ordersAfter(two.server, two.agent)).toHaveLength(1);
    await withdraw('san-cap');
  });
});

describe('a policy that asks', () => {
  it('waits for two people, and orders no more than they saw', async () => {
    const { server, agent } = await enrolled();
    await apply(policyText('ask-cap', `{ name: ${server} }`, 'approvals: 2').replace('enforce', 'ask'));
    expect(await ordersAfter(server, agent)).toEqual([]);
    await ordersAfter(server, agent);
    const [request, ...more] = (await waiting()).requests;
    expect([request?.state, request?.approvals, more]).toEqual(['waiting', 2, []]);
    await event('rotation.asked', server);
    const id = request?.id ?? '';
    await decide('request', id, 'approve', 'Ada');
    expect(await refusal('request', id, 'approve', 'Ada')).toContain('another one must');
    expect(await orders(server)).toEqual([]);
    await decide('request', id, 'approve', 'Bob');
    const [order] = await orders(server);
    // 401 of 2001 bytes stand above the low watermark: three of ten items, an estimate that may be half more, and a tenth more until it is carried out.
    expect([request?.foretold, order?.document.payload.bounds.items, order?.document.payload.bounds.bytes]).toEqual([{ items: 3, bytes: 401 }, 6, 663]);
    expect(verifySignature((await loadSigner(plane.nats.identity.services.rotation.signingKey)).publicKey, SIGNING_CONTEXTS.order, order?.document.payload, order?.document.signature ?? '')).toBe(true);
    expect((await waiting()).requests).toEqual([]);
    if (order !== undefined) await account(agent, order.document.payload, { outcome: 'stopped', reason: 'above its bounds', planned: { ...receiptOf(order.document.payload).planned, items: 9 } });
    await ordersAfter(server, agent);
    const [again] = (await waiting()).requests;
    // The host knows better by now.
    expect(again?.foretold).toEqual({ items: 9, bytes: 2_000 });
    await decide('request', again?.id ?? '', 'reject', 'Bob');
    await event('rotation.answered', server);
    await ordersAfter(server, agent);
    expect([(await waiting()).requests, (await orders(server)).length]).toEqual([[], 1]);
    await apply(policyText('ask-cap', `{ name: ${server} }`, 'approvals: 1').replace('enforce', 'ask'));
    await ordersAfter(server, agent);
    expect((await waiting()).requests).toMatchObject([{ approvals: 1 }]);
    await withdraw('ask-cap');
    await eventually('it lapses with its policy', async () => ((await waiting()).requests.length === 0 ? true : undefined));
  });
});

describe('grace', () => {
  it('marks first, deletes what was marked when it is due, and nothing that a person took back', async () => {
    const { server, agent } = await enrolled();
    await apply(policyText('grace-cap', `{ name: ${server} }`, 'grace: 7 days'));
    const mark = await orderOf(server, agent, 'mark');
    await account(agent, mark, { outcome: 'marked', purpose: 'mark', deleted: { items: 0, bytes: 0 } });
    expect((await waiting()).marks).toMatchObject([{ order: mark.id, state: 'marked', marked: { items: 4, bytes: 2_000 } }]);
    await event('rotation.marked', server);
    expect(await ordersAfter(server, agent)).toHaveLength(1);
    await plane.sql(`UPDATE rotation.mark SET due_at = now() - interval '1 second' WHERE server = $1`, [server]);
    expect((await waiting()).marks).toMatchObject([{ state: 'due' }]);
    const order = await orderOf(server, agent);
    expect(order.marked).toBe(mark.id);
    expect(await refusal('mark', mark.id, 'release')).toContain('under way');
    await account(agent, order);
    expect((await waiting()).marks).toEqual([]);

    const next = await orderOf(server, agent, 'mark');
    await account(agent, next, { outcome: 'marked', purpose: 'mark', deleted: { items: 0, bytes: 0 } });
    await decide('mark', next.id, 'release');
    await event('rotation.released', server);
    await plane.sql(`UPDATE rotation.mark SET due_at = now() - interval '1 second' WHERE server = $1`, [server]);
    expect(await ordersAfter(server, agent)).toHaveLength(3);
    await decide('mark', next.id, 'resume');
    expect((await ordersAfter(server, agent)).map(({ purpose }) => purpose)).toEqual(['mark', 'rotate', 'mark', 'mark']);
    await withdraw('grace-cap');
  });
});

describe('an order that may take long', () => {
  it('is under way until its own deadline, whatever else waits for it, and its late account says what is left of a mark', async () => {
    const { server, agent } = await enrolled({ role: 'mx', storage: 'slow' });
    const backdate = (minutes: number): Promise<unknown[]> => plane.sql(`UPDATE rotation.rotation_order SET expires_at = expires_at - make_interval(mins => $2) WHERE server = $1 AND state = 'open'`, [server, minutes]);
    await apply(policyText('long-cap', `{ name: ${server} }`, 'grace: 7 days\nbounds: { deadline: 2 hours }\nrollout: { at-once: { per: [ storage ], most: 1 } }'));
    const mark = await orderOf(server, agent, 'mark');
    await account(agent, mark, { outcome: 'marked', purpose: 'mark', deleted: { items: 0, bytes: 0 } });
    await plane.sql(`UPDATE rotation.mark SET due_at = now() - interval '1 second' WHERE server = $1`, [server]);
    const order = await orderOf(server, agent);
    // Its time to be taken ended half an hour ago: it still runs.
    await backdate(45);
    expect((await ordersAfter(server, agent)).map(({ state }) => state)).toEqual(['marked', 'open']);
    expect(await eventsOf('rotation.expired', server)).toBe(0);
    expect(await refusal('mark', mark.id, 'release')).toContain('under way');
    await plane.sql(`UPDATE rotation.rotation_order SET state = 'expired' WHERE id = $1`, [order.id]);
    expect(await refusal('mark', mark.id, 'release')).toContain('under way');
    await plane.sql(`UPDATE rotation.rotation_order SET state = 'open' WHERE id = $1`, [order.id]);
    await backdate(180);
    await event('rotation.expired', server);
    await decide('mark', mark.id, 'release');
    await account(agent, order, { outcome: 'completed', deleted: { items: 3, bytes: 1_500 }, resumed: true });
    expect((await waiting()).marks).toMatchObject([{ order: mark.id, state: 'released', marked: { items: 1, bytes: 500 } }]);
    await decide('mark', mark.id, 'resume');
    await withdraw('long-cap');
  });
});

describe('more holds than a bundle takes', () => {
  const STORES = ['reports', 'trace-log', 'event-log', 'audit-log', 'backup', 'antispam-quarantine', 'kata-quarantine', 'temporary', 'dumps', 'configuration'].map((store) => `${PROFILE}/${store}`);
  /** Each is ten holds of its server: one a store. */
  const holds = (from: number, count: number): string => Array.from({ length: count }, (_, index) => `---\nschema: mailwarden/policy/v1\nkind: hold\nname: many-${from + index}\nreason: A case\nservers: { role: crowded }\nfrom: 2001-01-01T00:00:00.000Z\nuntil: 2001-01-02T00:00:00.000Z\nstores: [ ${STORES.join(', ')} ]\n`).join('');

  it('are refused where they are applied, and told of where they lie as files: nothing is ordered meanwhile', async () => {
    const { server, agent } = await enrolled({ role: 'crowded' });
    await apply(policyText('crowded-cap', `{ name: ${server} }`));
    await apply(holds(0, 50));
    const before = await bundle(server);
    expect(before).toMatchObject({ rules: [{ policy: 'crowded-cap' }] });
    const refused = await apply(holds(50, 51));
    expect(refused.mistakes).toMatchObject([{ message: `1010 holds concern ${server}, and a bundle takes 1000`, advice: expect.stringContaining('let one hold name every store') }]);
    await writeFile(join(plane.dir, 'many.yaml'), holds(50, 51));
    const told = await eventually('the problem', async () => (await ask('rotation.policies', {})).problems.find(({ file }) => file === `bundle: ${server}`));
    expect(told.message).toContain('nothing is ordered for the server');
    const kept = await eventually('everything is kept', () => bundle(server).then((given) => (given?.holds.length === 1 ? given : undefined)));
    expect(kept).toMatchObject({ rules: [], holds: [{ id: 'too-much-for-a-bundle', profile: null, store: null, from: null, until: null, reason: expect.stringContaining('1010 holds') }], transmission: before?.transmission });
    expect(kept.version).toBeGreaterThan(before?.version ?? Infinity);
    expect(await ordersAfter(server, agent)).toEqual([]);
    const { server: crowded } = await enrolled({ role: 'crowded' });
    expect(await bundle(crowded)).toMatchObject({ rules: [], holds: [{ id: 'too-much-for-a-bundle' }] });
    await rm(join(plane.dir, 'many.yaml'));
    await eventually('it is well again', async () => ((await ask('rotation.policies', {})).problems.length === 0 ? true : undefined));
    expect(await bundle(server)).toMatchObject({ rules: [{ policy: 'crowded-cap' }], holds: before?.holds });
    await withdraw(...Array.from({ length: 50 }, (_, index) => `many-${index}`));
    expect(await ordersAfter(server, agent)).toMatchObject([{ state: 'open' }]);
    await withdraw('crowded-cap');
  }, 60_000);
});

describe('a maintenance window', () => {
  it('keeps orders back outside it, and no order outlives it', async () => {
    const { server, agent } = await enrolled();
    const at = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
    const window = (from: number, to: number): string => `window: { from: "${at(from)}", to: "${at(to)}", timezone: UTC }`;
    await apply(policyText('window-cap', `{ name: ${server} }`, window(60, 120)));
    expect(await ordersAfter(server, agent)).toEqual([]);
    await apply(policyText('window-cap', `{ name: ${server} }`, window(-10, 5)));
    const order = await orderOf(server, agent);
    expect(Date.parse(order.expiresAt) - Date.now()).toBeLessThanOrEqual(5 * 60_000);
    await withdraw('window-cap');
  });
});

describe('a bound over time', () => {
  it('counts what orders before deleted, and waits until enough of it is past', async () => {
    const { server, agent } = await enrolled();
    await apply(policyText('slow-cap', `{ name: ${server} }`, 'bounds: { items: 7, per: 1 day }'));
    await account(agent, await orderOf(server, agent));
    expect(await ordersAfter(server, agent, { ...OVER, items: known(20) })).toHaveLength(1);
    await plane.sql(`UPDATE rotation.rotation_order SET closed_at = closed_at - interval '2 days' WHERE server = $1`, [server]);
    expect(await ordersAfter(server, agent, { ...OVER, items: known(20) })).toHaveLength(2);
    await withdraw('slow-cap');
  });

  it('is signed as policy says it: the host takes off what went by itself', async () => {
    const { server, agent } = await enrolled();
    await apply(policyText('once-cap', `{ name: ${server} }`, 'bounds: { items: 9, per: 1 day }'));
    await account(agent, await orderOf(server, agent));
    expect((await orderOf(server, agent)).bounds).toMatchObject({ items: 9, perSeconds: 86_400 });
    await withdraw('once-cap');
  });

  it('is foreseen by the share of the store too', async () => {
    const { server, agent } = await enrolled();
    await apply(policyText('share-cap', `{ name: ${server} }`, 'bounds: { percent: 50, per: 1 day }'));
    await account(agent, await orderOf(server, agent));
    expect(await ordersAfter(server, agent)).toHaveLength(1);
    await plane.sql(`UPDATE rotation.rotation_order SET closed_at = closed_at - interval '2 days' WHERE server = $1`, [server]);
    expect(await ordersAfter(server, agent)).toHaveLength(2);
    await withdraw('share-cap');
  });

  it('counts what a host deleted by its bundle alone also where its agent called it by the id of an order that it kept back', async () => {
    const { server, agent } = await enrolled();
    await apply(policyText('kept-back-cap', `{ name: ${server} }`, 'bounds: { items: 7, per: 1 day }'));
    const order = await orderOf(server, agent);
    const at = { startedAt: instantOf(Date.now() - 1_000), finishedAt: instantOf(Date.now()) };
    for (let time = 0; time < 2; time += 1) await account(agent, order, { authority: { kind: 'bundle', version: 1 }, ...at });
    const rows = await ordersAfter(server, agent, { ...OVER, items: known(20) });
    expect(rows.map(({ id, state }) => [id === order.id, state])).toEqual(expect.arrayContaining([[true, 'open'], [false, 'completed']]));
    expect(rows).toHaveLength(2);
    expect(await eventsOf('rotation.completed', server)).toBe(1);
    await withdraw('kept-back-cap');
  });

  it('counts what a host deleted by its bundle alone, once, and holds it against the policy', async () => {
    const { server, agent } = await enrolled();
    await apply(policyText('alone-cap', `{ name: ${server} }`, 'bounds: { items: 7, per: 1 day }\nrollout: { stop-on: { failures: 0 } }'));
    const order = { ...(await orderOf(server, agent)), id: randomUUID() };
    await plane.sql(`DELETE FROM rotation.rotation_order WHERE server = $1`, [server]);
    const at = { startedAt: instantOf(Date.now() - 1_000), finishedAt: instantOf(Date.now()) };
    for (let time = 0; time < 2; time += 1) await account(agent, order, { authority: { kind: 'bundle', version: 1 }, ...at });
    expect(await ordersAfter(server, agent, { ...OVER, items: known(20) })).toMatchObject([{ id: order.id, state: 'completed' }]);
    expect(await eventsOf('rotation.completed', server)).toBe(1);
    // A host forgets old tasks: a second thing under the same id is another account, and counts once as well.
    for (let time = 0; time < 2; time += 1) await account(agent, order, { authority: { kind: 'bundle', version: 1 }, deleted: { items: 3, bytes: 30 }, ...at });
    expect(await plane.sql(`SELECT id = $2 AS "isFirst", deleted_items::int AS items FROM rotation.rotation_order WHERE server = $1 AND receipt IS NOT NULL ORDER BY 1 DESC`, [server, order.id])).toEqual([{ isFirst: true, items: expect.any(Number) }, { isFirst: false, items: 3 }]);
    expect(await eventsOf('rotation.completed', server)).toBe(2);
    await account(agent, { ...order, id: randomUUID() }, { authority: { kind: 'bundle', version: 1 }, outcome: 'failed', reason: 'an error of the disk' });
    expect((await waiting()).rollouts).toMatchObject([{ policy: 'alone-cap', state: 'stopped' }]);
    await withdraw('alone-cap');
  });
});

describe('a plan from recorded state', () => {
  it('says what would go where, by what stands and by what is only written', async () => {
    const { server, agent } = await enrolled();
    await agent.observe({ ...OVER, bytes: 10_000 });
    await settled();
    const documents = [policyText('plan-cap', `{ name: ${server} }`)];
    const plan = await ask('rotation.plan', { documents, policy: null, server: null, rows: 10 });
    expect(plan).toMatchObject({ mistakes: [], rowsLeft: 0, totals: [{ policy: 'plan-cap', change: 'new', servers: 1, stores: 1, states: { 'would-delete': 1 }, wouldDelete: { bytes: 8_400, servers: 1 } }], rows: [{ server, state: 'would-delete', passed: ['bytes'], before: { items: 10, bytes: 10_000 } }] });
    expect((await ask('rotation.plan', { documents: [...documents, holdText('case-8', server)], policy: null, server: null, rows: 10 })).totals[0]?.states).toMatchObject({ held: 1, 'would-delete': 0 });
    expect(await ask('rotation.plan', { documents: ['kind: ['], policy: null, server: null, rows: 10 })).toMatchObject({ totals: [], mistakes: [{ document: 0 }] });
    expect(await orders(server)).toEqual([]);

    const asked = await ask('rotation.ask-exact', { documents, policy: null, server: null, servers: 5, by: 'Ada' });
    expect(asked.orders).toMatchObject([{ server, receipt: null, expired: false }]);
    const [row] = await orders(server);
    expect(row?.document.payload).toMatchObject({ purpose: 'plan', policy: { name: 'plan-cap' } });
    if (row !== undefined) await agent.account(receiptOf(row.document.payload, { outcome: 'planned', purpose: 'plan', deleted: { items: 0, bytes: 0 } }));
    const exact = await eventually('the answer', async () => {
      const { orders: answered } = await ask('rotation.exact', { orders: [row?.id ?? randomUUID()] });
      return answered[0]?.receipt == null ? undefined : answered[0].receipt;
    });
    expect(exact).toMatchObject({ outcome: 'planned', planned: { items: 4 } });
  });
});

describe('two instances', () => {
  it('share the work, order once, and what one leaves the other does', async () => {
    const { server, agent } = await enrolled();
    await apply(policyText('two-cap', `{ name: ${server} }`));
    const { creds, signingKey } = plane.nats.identity.services.rotation;
    second = await startRotationWorker({ MAILWARDEN_NATS_URL: plane.nats.url, MAILWARDEN_NATS_CREDS: creds, MAILWARDEN_NATS_CA: plane.nats.identity.certificates.ca, MAILWARDEN_SIGNING_KEY: signingKey, MAILWARDEN_TRUST: plane.nats.identity.trust, MAILWARDEN_DATABASE_URL: plane.postgres.url, MAILWARDEN_DATABASE_PASSWORD_FILE: plane.postgres.passwordFile, MAILWARDEN_LOG_LEVEL: 'silent', MAILWARDEN_POLICY_DIR: plane.dir, MAILWARDEN_TRACE_RATIO: 0, MAILWARDEN_TELEMETRY_LISTEN: 'off', MAILWARDEN_ORDERS_AT_ONCE: 50 });
    const now = Date.now();
    await Promise.all(Array.from({ length: 12 }, (_, index) => agent.observe(OVER, now + index)));
    await settled();
    expect((await orders(server)).map(({ state }) => state)).toEqual(['open']);
    await plane.end('rotation');
    const [row] = await orders(server);
    if (row !== undefined) await account(agent, row.document.payload, { finishedAt: instantOf(now) });
    expect((await orders(server))[0]?.state).toBe('completed');
    await plane.sql(`UPDATE rotation.rotation_order SET finished_at = now() - interval '1 hour', issued_at = now() - interval '2 hours' WHERE server = $1`, [server]);
    await agent.observe(OVER);
    await settled();
    expect((await orders(server)).map(({ state }) => state)).toEqual(['completed', 'open']);
    expect(await eventually('both are published', async () => ((await plane.said('ORDERS', `mw.order.${server}`)).length >= 2 ? true : undefined))).toBe(true);
    await plane.run('rotation');
    await withdraw('two-cap');
    expect((await bundle(server))?.rules).toEqual([]);
  });
});
