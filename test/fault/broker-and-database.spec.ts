import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sealEnvelope, subjects, type ConsumerDefinition, type DeadLetter, type SignedPolicyBundle, type SignedRotationOrder } from '@mailwarden/contracts';
import { connectAsSuperuser } from '@mailwarden/local-postgres';
import { JetStreamStrategy, publishDurable, type Received } from '@mailwarden/messaging';
import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ControlPlane, eventually } from '../integration/control-plane.js';
import { observationOf, PROFILE, receiptOf, type FleetSpeaker } from '../integration/fleet-speaker.js';

const SUITE_MS = 90_000;
const OUTAGE_MS = 20_000;
const OVER = { bytes: 3_000 };
const POLICY = `schema: mailwarden/policy/v1\nkind: retention\nname: cap\nreason: A test\nmode: enforce\nlimits: { bytes: 2000 B }\nstores: [ ${PROFILE}/backup ]\n`;

interface HeardEvent { readonly id: string; readonly source: string; readonly sequence: number }

let plane: ControlPlane;
let agent: FleetSpeaker;
let lastMs = 0;
let attested = 0;
let total = 0;
const unhandled: unknown[] = [];
/** An agent gives signs of life whatever else there is to say, also while services catch up. Units: milliseconds. */
const BEAT_MS = 1_000;
let beating: NodeJS.Timeout | undefined;
/** With where it came from: its own words tell only what was done to it. */
const noteUnhandled = (cause: unknown): void => void unhandled.push(cause instanceof Error ? `${cause.message}\n${cause.stack ?? ''}` : cause);

const settled = (): Promise<void> => plane.settled('reporting-observations', 'reporting-evidence', 'reporting-orders', 'reporting-events', 'rotation-observations', 'rotation-receipts', 'consent-observations', 'consent-attestations');
const count = async (table: string, where = 'true'): Promise<number> => Number((await plane.sql<{ n: string }>(`SELECT count(*) AS n FROM ${table} WHERE ${where}`))[0]?.n);
const dead = (): Promise<DeadLetter[]> => plane.said<DeadLetter>('DEAD', 'mw.dead.>');
/** An instant that no other observation has. */
const nextMs = (): number => (lastMs = Math.max(Date.now(), lastMs + 1));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Observations and attestations, one after the other, until `harm` is done and so many rounds were said. Every one of them must show in the read models, once. */
async function survives(rounds: number, harm: () => Promise<void>): Promise<void> {
  const before = { history: await count('reporting.store_history'), ledger: await count('reporting.ledger_entry', `kind = 'attestation'`) };
  const state = { over: false };
  const harmed = harm().finally(() => (state.over = true));
  harmed.catch(() => undefined);
  let said = 0;
  for (; said < rounds || !state.over; said += 1) {
    const at = nextMs();
    agent.beat(at);
    await agent.observe({}, at);
    await agent.attest({ organisation: (attested += 1) }, at);
    await pause(state.over ? 0 : 20);
  }
  await harmed;
  process.stdout.write(`${said} rounds said\n`);
  // What was handled and whose acknowledgement was lost comes once more after a while; the last look of this suite finds it.
  await eventually('all of it is shown', async () => ((await count('reporting.store_history')) - before.history >= said && (await count('reporting.ledger_entry', `kind = 'attestation'`)) - before.ledger >= said ? true : undefined), SUITE_MS);
  expect((await count('reporting.store_history')) - before.history).toBe(said);
  expect((await count('reporting.ledger_entry', `kind = 'attestation'`)) - before.ledger).toBe(said);
  total += said;
  expect(await dead()).toEqual([]);
  expect(unhandled).toEqual([]);
}

/** Each service's events: one number each, without a gap. */
async function expectEveryEventOnce(): Promise<void> {
  const outboxes = await Promise.all(['reporting', 'rotation', 'consent'].map(async (schema) => eventually('nothing waits', async () => ((await count(`${schema}.outbox`, 'sent_at IS NULL')) === 0 ? true : undefined))));
  expect(outboxes).toHaveLength(3);
  const events = await plane.said<HeardEvent>('EVENTS', 'mw.event.>');
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  for (const source of new Set(events.map((event) => event.source))) {
    const numbers = events.filter((event) => event.source === source).map(({ sequence }) => sequence).sort((a, b) => a - b);
    expect(numbers, source).toEqual(numbers.map((_, index) => index + 1));
  }
}

beforeAll(async () => {
  process.on('unhandledRejection', noteUnhandled);
  process.on('uncaughtException', noteUnhandled);
  plane = await ControlPlane.start(['mx-1', 'mx-2']);
  await plane.writeFleet(['mx-1', 'mx-2']);
  await writeFile(join(plane.dir, 'cap.yaml'), POLICY);
  for (const name of ['reporting', 'rotation', 'consent'] as const) await plane.run(name);
  agent = await plane.speaker('mx-1');
  beating = setInterval(() => agent.beat(Date.now()), BEAT_MS);
  await plane.questions.ask('consent.decide', { agreement: 'ksn-statement', textSha256: null, action: 'decline', scope: { kind: 'organisation' }, decidedBy: 'op', onBehalfOf: 'Example organisation', means: 'console', reason: 'test', validUntil: null, region: null }, { timeoutMs: 5_000 });
}, 120_000);
afterAll(async () => {
  clearInterval(beating);
  await plane?.stop();
  process.off('unhandledRejection', noteUnhandled);
  process.off('uncaughtException', noteUnhandled);
}, 60_000);

describe('nothing is lost and nothing counts twice', () => {
  it('when the broker is killed and comes back in the middle of traffic', { timeout: SUITE_MS }, async () => {
    await survives(60, async () => {
      await pause(500);
      await plane.nats.kill();
      await plane.nats.start();
    });
    await expectEveryEventOnce();
  });

  it('when every database connection is cut again and again', { timeout: SUITE_MS }, async () => {
    await survives(60, async () => {
      for (let times = 0; times < 24; times += 1) {
        await pause(100);
        const client = await connectAsSuperuser(plane.postgres);
        await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name LIKE 'mailwarden-%'`);
        await client.end();
      }
    });
    await expectEveryEventOnce();
  });

  it('when the database is killed and stays away for a while', { timeout: SUITE_MS }, async () => {
    await survives(60, async () => {
      await pause(300);
      await plane.postgres.kill();
      await pause(OUTAGE_MS);
      await plane.postgres.start();
    });
    await expectEveryEventOnce();
    await settled();
    expect(await count('reporting.ledger_entry', `kind = 'attestation'`)).toBe(total);
    expect(await count('reporting.store_history')).toBe(total);
    // The time that the service could not note signs of life is nobody's silence.
    expect(await plane.said('EVENTS', 'mw.event.agent.silent.>')).toEqual([]);
    expect(await count('reporting.server', `agent_state = 'live'`)).toBe(1);
  });
});

describe('a broker that comes back without its disk', () => {
  it('is filled again by the services, and what they had said is said again under its old number', { timeout: SUITE_MS }, async () => {
    const orders: SignedRotationOrder[] = [];
    const taken = new Promise<void>((resolve) => {
      void agent.bus.takeOrders(async (bytes, delivery) => {
        orders.push((JSON.parse(Buffer.from(bytes).toString()) as { data: SignedRotationOrder }).data);
        if (orders.length > 1) await delivery.ack();
        resolve();
      });
    });
    await agent.observe(OVER, nextMs());
    await taken;
    const bundleVersion = ((await plane.entry('bundle', 'mx-1')) as SignedPolicyBundle).payload.version;
    await expectEveryEventOnce();
    const before = await plane.said<HeardEvent>('EVENTS', 'mw.event.>');
    await plane.nats.kill();
    await plane.nats.forget();
    await plane.nats.start();
    const entry = (bucket: 'fleet' | 'bundle' | 'consent', key: string): Promise<unknown> => eventually(`${bucket} ${key}`, () => plane.entry(bucket, key));
    for (const server of ['mx-1', 'mx-2']) expect(await entry('fleet', server)).toMatchObject({ payload: { server } });
    expect(await entry('bundle', 'mx-1')).toMatchObject({ payload: { version: bundleVersion } });
    expect(await entry('consent', 'organisation')).toMatchObject({ payload: { revision: 1 } });
    // The open order comes again, and is the same one.
    await eventually('the order is delivered again', async () => (orders.length > 1 ? true : undefined), SUITE_MS);
    expect(new Set(orders.map(({ payload }) => payload.id)).size).toBe(1);
    await agent.observe(OVER, nextMs());
    await agent.account(receiptOf(orders[0]!.payload));
    await agent.attest({ organisation: 1 }, nextMs());
    await settled();
    await eventually('the receipt closes it', async () => ((await count('rotation.rotation_order', `state = 'completed'`)) === 1 ? true : undefined));
    expect(await count('rotation.rotation_order')).toBe(1);
    await expectEveryEventOnce();
    const after = new Set((await plane.said<HeardEvent>('EVENTS', 'mw.event.>')).map(({ id }) => id));
    expect(before.filter(({ id }) => !after.has(id))).toEqual([]);
    expect(await dead()).toEqual([]);
    expect(unhandled).toEqual([]);
  });
});

describe('a message that cannot be handled', () => {
  it('never blocks the stream, and lies among the dead letters once, with its reason', { timeout: SUITE_MS }, async () => {
    const subject = subjects.observation('mx-1');
    const good = await agent.observe({}, nextMs());
    const forged = JSON.parse(Buffer.from(good).toString()) as { data: { durationMs: number } };
    forged.data.durationMs += 1;
    for (const bytes of [Buffer.from([0xff, 0x00]), Buffer.from('{"specversion":"1.0"}'), Buffer.from(JSON.stringify(forged)), Buffer.alloc(70_000, 0x20)]) await agent.repeat(subject, bytes);
    await agent.say(subject, 'mailwarden.store.observed.v9', observationOf('mx-1'));
    await agent.say(subject, 'mailwarden.store.observed.v1', { ...observationOf('mx-2') });
    const before = await count('reporting.store_history');
    await agent.observe({}, nextMs());
    await settled();
    expect((await count('reporting.store_history')) - before).toBeGreaterThan(0);
    const reasons = (await dead()).filter(({ consumer }) => consumer === 'reporting-observations').map(({ reason }) => reason.split(':')[0]);
    expect(reasons.sort()).toEqual(['an agent spoke in the name of another server', 'bad-signature', 'not-an-envelope', 'not-json', 'too-large', 'unknown-type']);
    const letters = await dead();
    expect(new Set(letters.map(({ consumer, reason }) => consumer + reason)).size).toBe(letters.length);
    await eventually('the finding', async () => ((await count('reporting.finding', `code = 'message-rejected' AND state = 'open'`)) === 1 ? true : undefined));
  });
});

describe('a slow or failing handler', () => {
  it('gets each message once although those before it take longer than the time to acknowledge; a failing one is put aside', { timeout: SUITE_MS }, async () => {
    const consumer = { name: 'suite-slow', stream: 'EVENTS', filters: ['mw.event.suite.>'], ackWaitMs: 1_000, maxDeliver: 2, maxAckPending: 1_000 } as unknown as ConsumerDefinition;
    await (await jetstreamManager(plane.bus)).consumers.add('EVENTS', { durable_name: consumer.name, ack_policy: AckPolicy.Explicit, ack_wait: nanos(consumer.ackWaitMs), filter_subjects: [...consumer.filters] });
    const type = 'mailwarden.suite.said.v1';
    const seal = (index: number): Uint8Array => Buffer.from(JSON.stringify(sealEnvelope(agent.agentKey, { id: `slow-${index}`, source: 'mailwarden/agent/mx-1', type, time: observationOf('mx-1').startedAt, subject: `mw.event.suite.${index}`, sequence: index, data: { index } })));
    for (let index = 1; index <= 30; index += 1) await publishDurable(plane.bus, { subject: `mw.event.suite.${index}`, id: `slow-${index}`, bytes: seal(index) });
    const seen: { index: number; deliveries: number }[] = [];
    const strategy = new JetStreamStrategy({ bus: plane.bus, consumers: [consumer], keyOf: () => agent.agentKey.publicKey, log: { warn: () => undefined, error: () => undefined } });
    const handler = async ({ envelope, deliveries }: Received<{ index: number }>): Promise<void> => {
      seen.push({ index: envelope.data.index, deliveries });
      await pause(100);
      if (envelope.data.index === 3) throw new Error('it never works');
    };
    strategy.addHandler(consumer.name, handler as never, false, { types: { [type]: z.object({ index: z.number() }) } });
    strategy.listen(() => undefined);
    await eventually('all handled', async () => (new Set(seen.map(({ index }) => index)).size === 30 && (await dead()).some((letter) => letter.consumer === 'suite-slow') ? true : undefined));
    await strategy.close();
    expect(seen.filter(({ index }) => index !== 3).map(({ deliveries }) => deliveries)).toEqual(Array.from({ length: 29 }, () => 1));
    expect(seen.filter(({ index }) => index === 3)).toHaveLength(2);
    expect((await dead()).filter((letter) => letter.consumer === 'suite-slow').map(({ reason }) => reason)).toEqual([expect.stringMatching(/^failed 2 times: /)]);
  });

  it('of a database that only reads, as a standby does, keeps its message beyond all tries, and says so', { timeout: SUITE_MS }, async () => {
    const consumer = { name: 'suite-standby', stream: 'EVENTS', filters: ['mw.event.standby.>'], ackWaitMs: 5_000, maxDeliver: 2, maxAckPending: 1_000 } as unknown as ConsumerDefinition;
    await (await jetstreamManager(plane.bus)).consumers.add('EVENTS', { durable_name: consumer.name, ack_policy: AckPolicy.Explicit, ack_wait: nanos(consumer.ackWaitMs), filter_subjects: [...consumer.filters] });
    const type = 'mailwarden.suite.said.v1';
    const subject = 'mw.event.standby.1';
    await publishDurable(plane.bus, { subject, id: 'standby-1', bytes: Buffer.from(JSON.stringify(sealEnvelope(agent.agentKey, { id: 'standby-1', source: 'mailwarden/agent/mx-1', type, time: observationOf('mx-1').startedAt, subject, sequence: 1, data: {} }))) });
    const [tries, said]: [number[], string[]] = [[], []];
    const strategy = new JetStreamStrategy({ bus: plane.bus, consumers: [consumer], keyOf: () => agent.agentKey.publicKey, onRejected: () => undefined, log: { warn: (_facts, text) => void said.push(text), error: () => undefined } });
    const handler = async ({ deliveries }: Received<object>): Promise<void> => {
      tries.push(deliveries);
      if (tries.length > 3) return;
      const client = await connectAsSuperuser(plane.postgres);
      try {
        await client.query('BEGIN READ ONLY');
        await client.query('CREATE TABLE public.suite_standby ()');
      } finally {
        await client.end();
      }
    };
    strategy.addHandler(consumer.name, handler as never, false, { types: { [type]: z.object({}) } });
    strategy.listen(() => undefined);
    await eventually('handled at last', async () => (tries.length > 3 ? true : undefined));
    await strategy.close();
    expect((await dead()).filter((letter) => letter.consumer === 'suite-standby')).toEqual([]);
    expect(said).toEqual(['a dependency is away; its messages wait and come again']);
  });
});
