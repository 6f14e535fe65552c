import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { subjects } from '@mailwarden/contracts';
import { BusAuthority } from '@mailwarden/identity';
import { connectAgentBus, connectBus, ensureOrderConsumer, ensureTopology, publishDurable, putEntry } from '@mailwarden/messaging';
import { startNats, type RunningNats } from '@mailwarden/testing';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { breakIn, EVERY_PUBLISH, EVERY_SUBSCRIPTION, publishable, subscribable } from './bus-attempts.js';

/** All that agent mx-1 may say. */
const AGENT_SAYS = [
  'mw.observation.mx-1',
  'mw.heartbeat.mx-1',
  'mw.receipt.mx-1',
  'mw.attestation.mx-1',
  'mw.renew.mx-1',
  '$JS.API.DIRECT.GET.KV_bundle.$KV.bundle.mx-1',
  '$JS.API.DIRECT.GET.KV_consent.$KV.consent.mx-1',
  '$JS.API.DIRECT.GET.KV_consent.$KV.consent.mx-2',
  '$JS.API.DIRECT.GET.KV_consent.$KV.consent.organisation',
  '$JS.API.DIRECT.GET.KV_consent.$KV.consent.group.role.mx',
  '$JS.API.CONSUMER.MSG.NEXT.ORDERS.agent-mx-1',
  '$JS.ACK.ORDERS.agent-mx-1.1.1.1.1.0',
];
/** All that it may listen to: its own bundle, consent, its own inbox. */
const AGENT_HEARS = ['$KV.bundle.mx-1', '$KV.consent.mx-1', '$KV.consent.mx-2', '$KV.consent.organisation', '$KV.consent.group.role.mx', '$KV.consent.*', '$KV.consent.>', '_INBOX.mx-1.x', '_INBOX.mx-1.>'];

describe('what each holder of a credential may do on the bus', () => {
  let nats: RunningNats;
  let control: NatsConnection;
  let manager: JetStreamManager;
  const opened: NatsConnection[] = [];

  const enter = async (credsFile: string, inboxPrefix?: string): Promise<NatsConnection> => {
    const bus = await breakIn({ url: nats.url, caFile: nats.identity.certificates.ca, credsFile, ...(inboxPrefix === undefined ? {} : { inboxPrefix }) });
    opened.push(bus);
    return bus;
  };
  const agent = (server: string): Promise<NatsConnection> => enter(nats.identity.servers.get(server)?.creds ?? '', `_INBOX.${server}`);
  const stored = async (stream: string): Promise<Record<string, number>> => (await manager.streams.info(stream, { subjects_filter: '>' })).state.subjects ?? {};

  beforeAll(async () => {
    nats = await startNats({ servers: ['mx-1', 'mx-2'] });
    control = await connectBus({ url: nats.url, caFile: nats.identity.certificates.ca, credsFile: nats.identity.services.reporting.creds, name: 'suite' });
    manager = await jetstreamManager(control);
    await ensureTopology(control);
    for (const server of ['mx-1', 'mx-2']) await ensureOrderConsumer(control, server);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((bus) => bus.close()));
  });
  afterAll(async () => {
    await control?.close();
    await nats?.stop();
  });

  it('an agent says what the table allows and nothing else, of some two thousand subjects', async () => {
    expect(EVERY_PUBLISH.length).toBeGreaterThan(1_000);
    expect(new Set(await publishable(await agent('mx-1'), EVERY_PUBLISH))).toEqual(new Set(AGENT_SAYS));
  });

  it('an agent hears what the table allows and nothing else, alone or in a queue group', async () => {
    for (const queue of [undefined, 'attackers']) expect(new Set(await subscribable(await agent('mx-1'), EVERY_SUBSCRIPTION, queue))).toEqual(new Set(AGENT_HEARS));
  });

  it('lets nobody in without a credential, with one of another bus, or over a connection without encryption', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'mailwarden-elsewhere-'));
    try {
      const foreign = await BusAuthority.open(elsewhere);
      const garbage = join(elsewhere, 'garbage.creds');
      await writeFile(garbage, '-----BEGIN NATS USER JWT-----\nrubbish\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\nrubbish\n------END USER NKEY SEED------\n');
      await expect(enter(await foreign.agentCredentials('mx-1'))).rejects.toThrow();
      await expect(enter(await foreign.serviceCredentials('reporting'))).rejects.toThrow();
      await expect(enter(garbage)).rejects.toThrow();
      await expect(connect({ servers: nats.url, tls: { caFile: nats.identity.certificates.ca }, reconnect: false })).rejects.toThrow();
      await expect(connect({ servers: nats.url, user: 'CONTROL', pass: '', tls: { caFile: nats.identity.certificates.ca }, reconnect: false })).rejects.toThrow();
      await expect(connect({ servers: nats.url.replace('tls://', 'nats://'), reconnect: false })).rejects.toThrow();
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  it.each(['*', '>', 'a.b', 'a b', 'A', 'MX-1', '', '-a', 'a-', 'ä', 'a\n', `${'a'.repeat(64)}`, '{{name()}}', '../mx-1'])('issues no credential for a server named %j', async (name) => {
    const dir = await mkdtemp(join(tmpdir(), 'mailwarden-names-'));
    try {
      const authority = await BusAuthority.open(dir);
      await expect(authority.agentCredentials(name)).rejects.toThrow('1 to 63');
      await expect(authority.siemCredentials(name)).rejects.toThrow('1 to 63');
      await expect(authority.agentCredentials('a'.repeat(63))).resolves.toContain('.creds');
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });

  it('stores no answer that an agent has sent to a foreign subject', async () => {
    await putEntry(control, 'bundle', 'mx-2', { version: 1 });
    const thief = await agent('mx-1');
    const before = { evidence: await stored('EVIDENCE'), orders: await stored('ORDERS'), bundles: await stored('KV_bundle') };
    const targets = ['mw.receipt.mx-2', 'mw.attestation.mx-2', 'mw.observation.mx-2', 'mw.order.mx-2', 'mw.evidence.rotation', '$KV.bundle.mx-2', '$KV.consent.organisation', '$JS.API.STREAM.DELETE.EVENTS', '$JS.API.STREAM.PURGE.EVIDENCE'];
    for (const reply of targets) {
      thief.publish('mw.observation.mx-1', '{}', { reply });
      thief.publish('mw.heartbeat.mx-1', '{}', { reply });
      thief.publish('$JS.API.DIRECT.GET.KV_consent.$KV.consent.nothing', '', { reply });
      thief.publish('$JS.API.DIRECT.GET.KV_bundle.$KV.bundle.mx-1', '', { reply });
      thief.publish('$JS.API.CONSUMER.MSG.NEXT.ORDERS.agent-mx-1', '{"batch":1,"no_wait":true}', { reply });
    }
    // Asked last and answered last: what the broker was to do before is done.
    await thief.request('mw.observation.mx-1', '{}', { timeout: 2_000 });
    expect({ evidence: await stored('EVIDENCE'), orders: await stored('ORDERS'), bundles: await stored('KV_bundle') }).toEqual(before);
    expect(Object.keys(await stored('OBSERVATIONS'))).toEqual(['mw.observation.mx-1']);
    expect((await manager.streams.info('EVENTS')).config.name).toBe('EVENTS');
  });

  it('takes no answer that an agent has sent there for the word on another agent\'s order', async () => {
    await publishDurable(control, { subject: subjects.order('mx-2'), id: 'waits', bytes: Buffer.from('{}') });
    const victim = await agent('mx-2');
    const taken = new Promise<Msg>((resolve) => victim.subscribe('_INBOX.mx-2.order', { max: 1, callback: (_, message) => resolve(message) }));
    victim.publish('$JS.API.CONSUMER.MSG.NEXT.ORDERS.agent-mx-2', '{"batch":1,"expires":5000000000}', { reply: '_INBOX.mx-2.order' });
    const { reply = '' } = await taken;
    expect(reply).toMatch(/^\$JS\.ACK\.ORDERS\.agent-mx-2\./);
    const thief = await agent('mx-1');
    thief.publish('$JS.API.DIRECT.GET.KV_consent.$KV.consent.nothing', '', { reply });
    thief.publish('$JS.API.CONSUMER.MSG.NEXT.ORDERS.agent-mx-1', '{"batch":1,"no_wait":true}', { reply });
    thief.publish('$JS.ACK.ORDERS.agent-mx-1.1.1.1.1.0', '', { reply });
    await thief.request('mw.observation.mx-1', '{}', { timeout: 2_000 });
    expect((await manager.consumers.info('ORDERS', 'agent-mx-2')).num_ack_pending).toBe(1);
  });

  it('lets no agent use up the message ids of others', async () => {
    const thief = await agent('mx-1');
    const id = 'evidence-bundle-mx-2-5';
    const named = headers();
    named.set('Nats-Msg-Id', id);
    await thief.request('mw.receipt.mx-1', '{}', { headers: named, timeout: 2_000 });
    const bytes = Buffer.from('{"signature":"of the rotation worker"}');
    await publishDurable(control, { subject: subjects.evidence('rotation'), id, bytes });
    await publishDurable(control, { subject: subjects.evidence('rotation'), id, bytes });
    expect((await stored('EVIDENCE'))[subjects.evidence('rotation')]).toBe(1);
  });

  it('obeys no header of an agent that would remove or hide messages', async () => {
    const thief = await agent('mx-1');
    for (const [name, value] of [['Nats-Rollup', 'all'], ['Nats-Rollup', 'sub'], ['KV-Operation', 'PURGE'], ['Nats-Marker-Reason', 'Purge'], ['Nats-Stream-Source', 'EVENTS 1'], ['Nats-TTL', '1s']] as const) {
      const before = (await manager.streams.info('EVIDENCE')).state.messages;
      const set = headers();
      set.set(name, value);
      await thief.request('mw.receipt.mx-1', '{}', { headers: set, timeout: 2_000 });
      expect((await manager.streams.info('EVIDENCE')).state.messages).toBeGreaterThanOrEqual(before);
    }
  });

  it('refuses what is larger than an envelope may be, and whoever sends more than the broker takes', async () => {
    const thief = await agent('mx-1');
    const before = (await manager.streams.info('EVIDENCE')).state.messages;
    const answer = await thief.request('mw.receipt.mx-1', new Uint8Array(200_000), { timeout: 2_000 }).then((message) => message.string(), (cause: unknown) => String(cause));
    expect(answer).toMatch(/error|exceeded|payload|closed/i);
    expect((await manager.streams.info('EVIDENCE')).state.messages).toBe(before);
    const again = await agent('mx-1');
    expect(() => again.publish('mw.receipt.mx-1', new Uint8Array(300_000))).toThrow(/payload/i);
  });

  it('tells an agent that a message was not stored, and never takes a refusal for an acknowledgement', async () => {
    const address = { url: nats.url, credsFile: nats.identity.servers.get('mx-1')?.creds ?? '', caFile: nats.identity.certificates.ca, server: 'mx-1' };
    const bus = await connectAgentBus(address);
    await expect(bus.publishDurable(subjects.receipt('mx-1'), 'too-large', new Uint8Array(200_000))).rejects.toThrow(/did not take the message: .*size/);
    await bus.publishDurable(subjects.receipt('mx-1'), 'taken', Buffer.from('{}'));
    await bus.close();
  });

  it('ends a flood of subscriptions of one credential', async () => {
    const thief = await agent('mx-1');
    const errors: string[] = [];
    void (async () => {
      for await (const status of thief.status()) if (status.type === 'error') errors.push(status.error.message);
    })();
    for (let one = 0; one < 2_000; one += 1) thief.subscribe(`_INBOX.mx-1.${one}`, { callback: () => undefined });
    await thief.flush().catch(() => undefined);
    await expect.poll(() => errors.join(' '), { timeout: 5_000 }).toMatch(/maximum subscriptions/i);
  });
});
