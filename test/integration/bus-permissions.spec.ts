import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STREAMS, subjects } from '@mailwarden/contracts';
import { BusAuthority } from '@mailwarden/identity';
import { connectAgentBus, connectBus, ensureEventMirror, ensureOrderConsumer, ensureTopology, publishDurable, putEntry } from '@mailwarden/messaging';
import { startNats, type RunningNats } from '@mailwarden/testing';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
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

const CONSUMERS_TRIED = 11;
/** More consumers than all subscribers together may have. */
const FLOOD = 220;
/** A subscriber says nothing but requests about the copy of the events in its own account. */
const ABOUT_EVENTS = /^\$JS\.(?:API\.(?:INFO|STREAM\.NAMES|STREAM\.INFO\.EVENTS|CONSUMER\.(?:LIST|NAMES)\.EVENTS|CONSUMER\.CREATE\.EVENTS(?:\..+)?|CONSUMER\.(?:DURABLE\.CREATE|INFO|DELETE|MSG\.NEXT)\.EVENTS\..+|DIRECT\.GET\.EVENTS)|(?:ACK|FC)\.EVENTS\..+)$/;
const SIEM_HEARS = ['mw.event.agent.silent.high.mx-1', 'mw.event.>', '_INBOX.mx-1.x', '_INBOX.mx-2.x', '_INBOX.x', '_INBOX.>', '_INBOX.*.>', '_INBOX.mx-1.>', '_INBOX.mx-2.>', '_INBOX.*.x'];

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
    const keeper = await enter(nats.identity.mirrorKeeperCreds);
    await ensureEventMirror(keeper);
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

  it('a subscriber says requests about its own copy of the events and hears events', async () => {
    const said = await publishable(await enter(nats.identity.siemCreds), EVERY_PUBLISH);
    expect(said.filter((subject) => !ABOUT_EVENTS.test(subject))).toEqual([]);
    expect(said.length).toBeGreaterThan(CONSUMERS_TRIED);
    expect(new Set(await subscribable(await enter(nats.identity.siemCreds), EVERY_SUBSCRIPTION))).toEqual(new Set(SIEM_HEARS));
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

  it('keeps the streams in the control account as they are, whatever a subscriber sends where', async () => {
    const subject = subjects.event('agent.silent', 'medium', 'mx-1');
    await publishDurable(control, { subject, id: 'seen', bytes: Buffer.from('{"heard":true}') });
    const siem = await enter(nats.identity.siemCreds);
    const evil = { stream_name: 'EVENTS', config: { name: 'evil', durable_name: 'evil', deliver_subject: 'mw.evidence.rotation', deliver_policy: 'all', ack_policy: 'none' }, action: 'create' };
    await siem.request('$JS.API.CONSUMER.CREATE.EVENTS.evil', JSON.stringify(evil), { timeout: 2_000 });
    for (const reply of ['control.JS.API.CONSUMER.CREATE.EVENTS', 'control.JS.API.CONSUMER.CREATE.EVENTS.evil', 'control.JS.API.STREAM.DELETE.EVENTS', 'mw.event.agent.silent.high.mx-1']) {
      siem.publish('$JS.API.CONSUMER.INFO.EVENTS.evil', '', { reply });
      siem.publish('$JS.API.CONSUMER.CREATE.EVENTS.evil', JSON.stringify(evil), { reply });
      siem.publish('$JS.API.DIRECT.GET.EVENTS', '{"last_by_subj":"mw.none"}', { reply });
    }
    await siem.request('$JS.API.INFO', '', { timeout: 2_000 });
    await control.flush();
    const names: string[] = [];
    for await (const { name } of manager.consumers.list('EVENTS')) names.push(name);
    expect(names).toEqual(['reporting-events']);
    expect((await stored('EVENTS'))[subject]).toBe(1);
    for (const { name } of Object.values(STREAMS)) expect((await manager.streams.info(name)).config.name).toBe(name);
  });

  it('ends a flood of consumers of a subscriber, and lets it make no stream', async () => {
    const siem = await enter(nats.identity.siemCreds);
    const create = async (name: string): Promise<string> => (await siem.request(`$JS.API.CONSUMER.CREATE.EVENTS.${name}`, JSON.stringify({ stream_name: 'EVENTS', config: { name, durable_name: name, ack_policy: 'explicit' }, action: 'create' }), { timeout: 5_000 })).string();
    const answers: string[] = [];
    for (let one = 0; one < FLOOD; one += 1) answers.push(await create(`flood-${one}`));
    expect(answers[0]).toContain('"config"');
    expect(answers.at(-1)).toContain('maximum consumers');
    // The broker's answer about a consumer, sent to the interface of streams, asks for a stream of that name.
    siem.publish('$JS.API.CONSUMER.INFO.EVENTS.flood-0', '', { reply: '$JS.API.STREAM.CREATE.flood-0' });
    for (let one = 0; one < FLOOD; one += 1) await siem.request(`$JS.API.CONSUMER.DELETE.EVENTS.flood-${one}`, '', { timeout: 5_000 });
    const names = JSON.parse((await siem.request('$JS.API.STREAM.NAMES', '', { timeout: 2_000 })).string()) as { streams: string[] };
    expect(names.streams).toEqual(['EVENTS']);
  });

  it('gives the copy of the events back when a subscriber has found a way to remove it', async () => {
    const siem = await enter(nats.identity.siemCreds);
    // The broker's own empty answer, sent to the interface of the account that holds the copy.
    siem.publish('$JS.API.DIRECT.GET.EVENTS.mw.event.none', '', { reply: '$JS.API.STREAM.DELETE.EVENTS' });
    await siem.flush();
    const keeper = await enter(nats.identity.mirrorKeeperCreds);
    await ensureEventMirror(keeper);
    const consumer = await jetstream(siem).consumers.get('EVENTS', { filter_subjects: ['mw.event.>'] });
    expect((await consumer.next({ expires: 5_000 }))?.string()).toBe('{"heard":true}');
  });
});
