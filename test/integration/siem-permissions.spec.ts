import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { STREAMS, SUBSCRIBED_STREAMS, subjects } from '@mailwarden/contracts';
import { BusAuthority } from '@mailwarden/identity';
import { connectBus, ensureSubscriber, ensureTopology, publishDurable } from '@mailwarden/messaging';
import { startNats, type RunningNats } from '@mailwarden/testing';
import { jetstream, jetstreamManager, StorageType, type JetStreamManager } from '@nats-io/jetstream';
import { createUser, encodeUser, fmtCreds, fromSeed } from '@nats-io/jwt';
import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { breakIn, EVERY_PUBLISH, EVERY_SUBSCRIPTION, publishable, subscribable } from './bus-attempts.js';

/** What the broker says when nobody listens. */
const NO_RESPONDERS = 503;
const ANSWER_MS_MAX = 2_000;
const MAIN = 'siem-main';
const OTHER = 'siem-other';
/** All that the subscriber `main` may say. */
const SAYS = ['$JS.API.STREAM.NAMES', ...SUBSCRIBED_STREAMS.flatMap((stream) => [`$JS.API.STREAM.INFO.${stream}`, `$JS.API.DIRECT.GET.${stream}`, `$JS.API.CONSUMER.INFO.${stream}.${MAIN}`, `$JS.API.CONSUMER.MSG.NEXT.${stream}.${MAIN}`, `$JS.ACK.${stream}.${MAIN}.1.1.1.1.0`])];
/** All that it may listen to; an inbox of another subscriber is another one in another account. */
const HEARS = EVERY_SUBSCRIPTION.filter((subject) => /^(?:_INBOX|mw\.event|mw\.ocsf)\./.test(subject));

const config = (name: string): string => JSON.stringify({ stream_name: 'SCRATCH', config: { name, durable_name: name, ack_policy: 'explicit' }, action: '' });
const stream = (name: string): string => JSON.stringify({ name, subjects: [`scratch.${name}`], storage: 'memory' });
/** Every request of the JetStream interface, in an order in which each has something to be about; `SCRATCH` is a stream that is made for it. */
const EVERY_REQUEST: readonly (readonly [subject: string, body: string])[] = [
  ['INFO', ''],
  ['STREAM.CREATE.SCRATCH', stream('SCRATCH')],
  ['STREAM.UPDATE.SCRATCH', stream('SCRATCH')],
  ['STREAM.NAMES', ''],
  ['STREAM.LIST', ''],
  ['STREAM.INFO.SCRATCH', ''],
  ['STREAM.MSG.GET.SCRATCH', '{"seq":1}'],
  ['STREAM.MSG.DELETE.SCRATCH', '{"seq":1}'],
  ['STREAM.SNAPSHOT.SCRATCH', '{"deliver_subject":"scratch.to"}'],
  ['CONSUMER.CREATE.SCRATCH', JSON.stringify({ stream_name: 'SCRATCH', config: { ack_policy: 'explicit', deliver_subject: 'scratch.push' } })],
  ['CONSUMER.CREATE.SCRATCH.one', config('one')],
  ['CONSUMER.CREATE.SCRATCH.two.scratch.x', JSON.stringify({ stream_name: 'SCRATCH', config: { name: 'two', filter_subject: 'scratch.x', ack_policy: 'explicit' } })],
  ['CONSUMER.DURABLE.CREATE.SCRATCH.three', config('three')],
  ['CONSUMER.NAMES.SCRATCH', ''],
  ['CONSUMER.LIST.SCRATCH', ''],
  ['CONSUMER.INFO.SCRATCH.one', ''],
  ['CONSUMER.MSG.NEXT.SCRATCH.one', '{"no_wait":true}'],
  ['CONSUMER.DELETE.SCRATCH.one', ''],
  ['STREAM.PURGE.SCRATCH', ''],
  ['STREAM.DELETE.SCRATCH', ''],
].map(([verb, body]) => [`$JS.API.${verb}`, body ?? ''] as const);

/** Requests about what is there already, which would do harm or tell of others. */
const ABOUT_EVENTS: readonly (readonly [subject: string, body: string])[] = SUBSCRIBED_STREAMS.flatMap((name) => [
  ...['STREAM.DELETE', 'STREAM.PURGE', 'STREAM.UPDATE', 'STREAM.MSG.GET', 'STREAM.MSG.DELETE', 'STREAM.SNAPSHOT', 'CONSUMER.NAMES', 'CONSUMER.LIST', 'CONSUMER.CREATE'].map((verb) => [`$JS.API.${verb}.${name}`, '{}'] as const),
  ...['CONSUMER.INFO', 'CONSUMER.DELETE', 'CONSUMER.MSG.NEXT', 'CONSUMER.CREATE', 'CONSUMER.DURABLE.CREATE', 'CONSUMER.PAUSE'].flatMap((verb) => [OTHER, 'reporting-events'].map((consumer) => [`$JS.API.${verb}.${name}.${consumer}`, '{}'] as const)),
  ...['CONSUMER.DELETE', 'CONSUMER.CREATE', 'CONSUMER.DURABLE.CREATE', 'CONSUMER.PAUSE'].map((verb) => [`$JS.API.${verb}.${name}.${MAIN}`, '{}'] as const),
]);

describe('what a subscriber may do', () => {
  let nats: RunningNats;
  let control: NatsConnection;
  let manager: JetStreamManager;
  let dir: string;
  const opened: NatsConnection[] = [];

  const enter = async (credsFile: string): Promise<NatsConnection> => {
    const bus = await breakIn({ url: nats.url, caFile: nats.identity.certificates.ca, credsFile });
    opened.push(bus);
    return bus;
  };
  const authorityDir = (): string => dirname(dirname(nats.identity.siemCreds));
  const main = (): Promise<NatsConnection> => enter(nats.identity.siemCreds);
  const other = async (): Promise<NatsConnection> => enter(await (await BusAuthority.open(authorityDir())).siemCredentials('other'));
  /** A user of a subscriber's account whom no template binds. */
  const unbound = async (subscriber: string): Promise<NatsConnection> => {
    const account = fromSeed(Buffer.from((await readFile(join(authorityDir(), 'subscribers', `${subscriber}.account.seed`), 'utf8')).trim()));
    const user = createUser();
    const file = join(dir, `${subscriber}.creds`);
    await writeFile(file, fmtCreds(await encodeUser('unbound', user, account, {}), user));
    return enter(file);
  };
  /** Asks by an inbox of its own: an event comes under its own subject, by which the client's requests would not know it for an answer. */
  const ask = (bus: NatsConnection, subject: string, body: string): Promise<Msg | null> =>
    new Promise((resolve) => {
      const inbox = createInbox();
      bus.subscribe(inbox, { max: 1, timeout: ANSWER_MS_MAX, callback: (late, message) => resolve(late === null ? message : null) });
      bus.publish(subject, body, { reply: inbox });
    });
  const answered = async (bus: NatsConnection, requests: typeof EVERY_REQUEST): Promise<string[]> => {
    const subjectsAnswered: string[] = [];
    for (const [subject, body] of requests) {
      const answer = await ask(bus, subject, body);
      if (answer !== null && !(answer.headers?.code === NO_RESPONDERS && answer.headers.description === '')) subjectsAnswered.push(subject);
    }
    return subjectsAnswered;
  };
  /** Takes one event as the subscriber `other`, and gives the subject that it is to be acknowledged on. */
  const pulledBy = async (bus: NatsConnection): Promise<string> => (await ask(bus, `$JS.API.CONSUMER.MSG.NEXT.EVENTS.${OTHER}`, '{"batch":1,"no_wait":true}'))?.reply ?? '';
  const pendingOf = async (consumer: string): Promise<number> => (await manager.consumers.info('EVENTS', consumer)).num_ack_pending;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mailwarden-siem-'));
    nats = await startNats({ servers: ['mx-1'], subscribers: ['other'] });
    control = await connectBus({ url: nats.url, caFile: nats.identity.certificates.ca, credsFile: nats.identity.services.reporting.creds, name: 'suite' });
    manager = await jetstreamManager(control);
    await ensureTopology(control);
  });
  beforeEach(async () => {
    await manager.streams.purge('EVENTS');
    for (const name of ['main', 'other']) await ensureSubscriber(control, name);
    for (const id of ['one', 'two', 'three']) await publishDurable(control, { subject: subjects.event('agent.silent', 'high', 'mx-1'), id: `${id}-${Math.random()}`, bytes: Buffer.from(`"${id}"`) });
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((bus) => bus.close()));
    for (const consumer of [MAIN, OTHER]) for (const name of SUBSCRIBED_STREAMS) await manager.consumers.delete(name, consumer).catch(() => undefined);
    await manager.streams.delete('SCRATCH').catch(() => undefined);
  });
  afterAll(async () => {
    await control?.close();
    await nats?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('is to read events and to say how far it has read, of some two thousand subjects', async () => {
    const said = await publishable(await main(), EVERY_PUBLISH);
    expect(new Set(said)).toEqual(new Set(SAYS));
    expect(new Set(await subscribable(await main(), EVERY_SUBSCRIPTION))).toEqual(new Set(HEARS));
  });

  it('is bound by the template: without it the broker refuses none of the same attempts', async () => {
    const bus = await unbound('main');
    const refused: string[] = [];
    void (async () => {
      for await (const status of bus.status()) if (status.type === 'error') refused.push(status.error.message);
    })();
    for (const subject of EVERY_PUBLISH) bus.publish(subject, '');
    for (const subject of EVERY_SUBSCRIPTION) bus.subscribe(subject, { callback: () => undefined });
    await bus.flush();
    await bus.flush();
    // The broker's own subjects are nobody's.
    expect(refused.filter((words) => !words.includes('"_GR_.'))).toEqual([]);
  });

  it('is bound by the account: without a template nothing answers but the subscriber\'s own, and in the account of the streams everything does', async () => {
    const thief = await unbound('main');
    expect(await answered(thief, EVERY_REQUEST)).toEqual(['$JS.API.STREAM.NAMES']);
    expect(await answered(thief, ABOUT_EVENTS)).toEqual([]);
    const own = SAYS.filter((subject) => !subject.startsWith('$JS.ACK.')).map((subject) => [subject, subject.includes('NEXT') ? '{"no_wait":true}' : '{"seq":1}'] as const);
    expect(await answered(thief, own.map(([subject, body]) => [subject, /INFO|NAMES/.test(subject) ? '' : body] as const))).toEqual(own.map(([subject]) => subject));
    const all = await answered(control, EVERY_REQUEST);
    expect(EVERY_REQUEST.map(([subject]) => subject).filter((subject) => !all.includes(subject))).toEqual([]);
  });

  it('does not reach another subscriber: its place, its messages, its word, its answers', async () => {
    const [victim, thief, insider] = [await other(), await unbound('main'), await unbound('other')];
    const heard: string[] = [];
    for (const [bus, whose] of [[thief, 'thief'], [insider, 'insider']] as const) {
      bus.subscribe('_INBOX.>', { callback: (_, { subject }) => void heard.push(`${whose} ${subject}`) });
      await bus.flush();
    }
    const ack = await pulledBy(victim);
    expect(ack).toMatch(new RegExp(`^\\$JS\\.ACK\\.EVENTS\\.${OTHER}\\.`));
    thief.publish(ack, '+ACK');
    await thief.request('$JS.API.STREAM.INFO.EVENTS', '', { timeout: 2_000 });
    expect(await pendingOf(OTHER)).toBe(1);
    insider.publish(ack, '+ACK');
    await insider.request('$JS.API.STREAM.INFO.EVENTS', '', { timeout: 2_000 });
    expect(await pendingOf(OTHER)).toBe(0);
    const event = subjects.event('agent.silent', 'high', 'mx-1');
    expect(heard.filter((one) => one.endsWith(event))).toEqual([`insider ${event}`]);
  });

  it('reaches nothing by the subject that an answer goes to', async () => {
    const ack = await pulledBy(await other());
    const before = (await manager.streams.info('EVENTS')).state;
    const targets = [ack, '$JS.API.STREAM.DELETE.EVENTS', '$JS.API.STREAM.PURGE.EVENTS', '$JS.API.STREAM.DELETE.OCSF', `$JS.API.CONSUMER.DELETE.EVENTS.${OTHER}`, `$JS.API.CONSUMER.MSG.NEXT.EVENTS.${OTHER}`, `$JS.API.CONSUMER.DELETE.EVENTS.${MAIN}`, 'mw.event.agent.silent.high.mx-1', 'mw.evidence.rotation'];
    for (const bus of [await main(), await unbound('main')]) {
      for (const reply of targets) {
        for (const subject of SAYS) bus.publish(subject, subject.includes('NEXT') ? '{"batch":1,"no_wait":true}' : '{"last_by_subj":"mw.none"}', { reply });
        bus.publish(`$JS.API.CONSUMER.INFO.EVENTS.${MAIN}`, '', { reply });
        bus.publish('$JS.API.STREAM.INFO.EVENTS', '', { reply });
      }
      await bus.request('$JS.API.STREAM.INFO.EVENTS', '', { timeout: 2_000 });
    }
    await control.flush();
    expect(await pendingOf(OTHER)).toBe(1);
    expect(await pendingOf(MAIN)).toBeGreaterThanOrEqual(0);
    const after = (await manager.streams.info('EVENTS')).state;
    expect([after.messages, after.first_seq, after.last_seq]).toEqual([before.messages, before.first_seq, before.last_seq]);
    for (const { name } of Object.values(STREAMS)) expect((await manager.streams.info(name)).config.name).toBe(name);
  });

  it.each([
    ['the empty answer to a read', (bus: NatsConnection): void => bus.publish('$JS.API.DIRECT.GET.SCRATCH', '{"last_by_subj":"scratch.none"}', { reply: '$JS.API.STREAM.DELETE.SCRATCH' })],
    ['the empty answer to a pull', (bus: NatsConnection): void => bus.publish('$JS.API.CONSUMER.MSG.NEXT.SCRATCH.one', '{"batch":1,"no_wait":true}', { reply: '$JS.API.STREAM.DELETE.SCRATCH' })],
  ] as const)('would remove a stream in the account that holds it, by %s, so that subscribers live elsewhere', async (_, attack) => {
    await manager.streams.add({ name: 'SCRATCH', subjects: ['scratch.>'], storage: StorageType.Memory, allow_direct: true });
    await manager.consumers.add('SCRATCH', { durable_name: 'one', ack_policy: 'explicit' });
    attack(control);
    await expect.poll(() => manager.streams.info('SCRATCH').then(() => 'there', () => 'gone'), { timeout: 10_000 }).toBe('gone');
  });

  it('would write into another stream in the account that holds it, if it might create a consumer', async () => {
    await manager.streams.add({ name: 'SCRATCH', subjects: ['scratch.evidence'], storage: StorageType.Memory });
    const consumer = { stream_name: 'EVENTS', config: { name: 'evil', deliver_subject: 'scratch.evidence', deliver_policy: 'all', ack_policy: 'none' }, action: 'create' };
    const create = async (bus: NatsConnection): Promise<unknown> => ask(bus, '$JS.API.CONSUMER.CREATE.EVENTS.evil', JSON.stringify(consumer));
    await create(await unbound('main'));
    await expect(manager.consumers.info('EVENTS', 'evil')).rejects.toThrow('not found');
    expect((await manager.streams.info('SCRATCH')).state.messages).toBe(0);
    await create(control);
    await expect.poll(async () => (await manager.streams.info('SCRATCH')).state.messages, { timeout: 5_000 }).toBe(3);
    await manager.consumers.delete('EVENTS', 'evil');
  });

  it('keeps its place while it is away, and begins with the oldest event', async () => {
    const take = async (): Promise<unknown> => {
      const message = await (await jetstream(await main()).consumers.get('EVENTS', MAIN)).next({ expires: 5_000 });
      await message?.ackAck();
      return message?.json();
    };
    expect([await take(), await take()]).toEqual(['one', 'two']);
    await ensureSubscriber(control, 'main');
    expect(await take()).toBe('three');
  });
});
