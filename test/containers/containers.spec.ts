import { agentSource, CONSUMERS, eventType, MESSAGE_TYPES, openEnvelope, sealEnvelope, serviceSource, STREAMS, subjects } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { instantOf, type Signer } from '@mailwarden/kernel';
import { connectAgentBus, connectBus, ensureOrderConsumer, ensureTopology, type AgentBus } from '@mailwarden/messaging';
import { openDataSource } from '@mailwarden/persistence';
import type { RunningNats } from '@mailwarden/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { containerSettings } from './container-settings.js';
import { startReceiptBook, type RunningReceiptBook } from './receipt-book.js';
import { startNatsContainer } from './start-nats-container.js';
import { startPostgresContainer, type RunningPostgres } from './start-postgres-container.js';

const SERVER = 'mx-1';
const SUBJECT = subjects.receipt(SERVER);
const EVENT_MS_MAX = 10_000;
/** The broker is killed after so many acknowledgements, in the middle of a stream of messages. */
const ACKNOWLEDGED_BEFORE_KILL = 20;
const PUBLISHED_MAX = 10_000;

const settings = containerSettings();
const skipped = typeof settings === 'string';

describe.skipIf(skipped)(`NATS and PostgreSQL in containers${skipped ? ` (skipped: ${settings})` : ''}`, () => {
  let nats: RunningNats;
  let postgres: RunningPostgres;
  let control: NatsConnection;
  let agent: AgentBus;
  let signer: Signer;
  let book: RunningReceiptBook;

  /** Publishes as the agent does; `name` is what the broker knows doubles by. */
  const publish = (id: string, name: string = id): Promise<void> => {
    const envelope = sealEnvelope(signer, { id, source: agentSource(SERVER), type: MESSAGE_TYPES.receipt, time: instantOf(Date.now()), subject: SUBJECT, sequence: 1, data: { text: `note ${id}` } });
    return agent.publishDurable(SUBJECT, name, Buffer.from(JSON.stringify(envelope)));
  };
  const rowsOf = (id: string): Promise<{ text: string }[]> => book.dataSource.query('SELECT text FROM suite.note WHERE message_id = $1', [id]);
  const enter = (credsFile: string): Promise<NatsConnection> => connectBus({ url: nats.url, credsFile, caFile: nats.identity.certificates.ca, name: 'suite' });

  const storedReceipts = async (bus: NatsConnection): Promise<number> => {
    const { state } = await (await jetstreamManager(bus)).streams.info('EVIDENCE', { subjects_filter: SUBJECT });
    return state.subjects?.[SUBJECT] ?? 0;
  };

  beforeAll(async () => {
    if (typeof settings === 'string') return;
    [nats, postgres] = await Promise.all([startNatsContainer(settings, [SERVER]), startPostgresContainer(settings)]);
    control = await enter(nats.identity.services.reporting.creds);
    await ensureTopology(control);
    await ensureOrderConsumer(control, SERVER);
    const files = nats.identity.servers.get(SERVER);
    if (files === undefined) throw new Error(`${SERVER} was given no files`);
    signer = await loadSigner(files.signingKey);
    agent = await connectAgentBus({ url: nats.url, credsFile: files.creds, caFile: nats.identity.certificates.ca, server: SERVER });
    book = await startReceiptBook(nats, postgres);
  });
  afterAll(async () => {
    await agent?.close();
    await book?.close();
    await control?.close();
    await Promise.all([nats?.stop(), postgres?.stop()]);
  });

  it('have every stream and consumer', async () => {
    const manager = await jetstreamManager(control);
    for (const { name } of Object.values(STREAMS)) expect((await manager.streams.info(name)).config.deny_delete).toBe(true);
    for (const { stream, name } of Object.values(CONSUMERS)) expect((await manager.consumers.info(stream, name)).config.durable_name).toBe(name);
  });

  it('let nobody in by a name and a password, even those that the broker was started with', async () => {
    const stranger = connect({ servers: nats.url, user: 'test', pass: 'test', tls: { caFile: nats.identity.certificates.ca }, reconnect: false, timeout: EVENT_MS_MAX });
    await expect(stranger).rejects.toThrow(/authorization/i);
  });

  it('are migrated once, however often a service opens them', async () => {
    const again = await openDataSource({ ...postgres.database, schema: 'suite', entities: [], migrations: [] });
    const names = await again.query<{ name: string }[]>('SELECT name FROM suite.migration ORDER BY name');
    await again.destroy();
    expect(names.map(({ name }) => name)).toEqual(['AddTraceparent1763000000002', 'CreateBookkeeping1763000000001', 'CreateNotes1764000000001']);
  });

  it('turn a message into one row, though it is published twice and its handler fails once', async () => {
    book.deliveries.failOnce.add('one');
    await publish('one');
    await publish('one');
    await publish('one', 'one, when the broker has forgotten its name');
    await Promise.all([book.deliveries.failed('one'), book.deliveries.handled('one', 2)]);
    expect(await rowsOf('one')).toEqual([{ text: 'note one' }]);
    expect(await storedReceipts(control)).toBe(2);
  });

  it('bring what the outbox has to say to its readers, signed', async () => {
    await publish('said');
    const trusted = nats.identity.services.rotation.publicKey;
    const events = await jetstream(control).consumers.get('EVENTS', 'reporting-events');
    const heard: string[] = [];
    while (!heard.includes('said-said')) {
      const message = await events.next({ expires: EVENT_MS_MAX });
      if (message === null) break;
      const opened = openEnvelope(message.data, { subject: message.subject, types: { [eventType('rotation.completed')]: z.object({ text: z.string() }) }, keyOf: (source) => (source === serviceSource('rotation') ? trusted : undefined) });
      heard.push(opened.ok ? opened.value.id : opened.error.code);
      message.ack();
    }
    expect(heard).toEqual(['said-one', 'said-said']);
  });

  it('lose nothing that was acknowledged when the broker is killed amid the traffic, and carry on', async () => {
    const before = await storedReceipts(control);
    const back = new Promise<void>((resolve) => agent.onReconnect(resolve));
    const acknowledged: string[] = [];
    let dead: Promise<boolean> | undefined;
    for (let number = 0; number < PUBLISHED_MAX; number += 1) {
      const id = `traffic-${number}`;
      const taken = publish(id).then(
        () => true,
        () => false,
      );
      if (!(await Promise.race(dead === undefined ? [taken] : [taken, dead]))) break;
      acknowledged.push(id);
      if (acknowledged.length === ACKNOWLEDGED_BEFORE_KILL) dead = nats.kill().then(() => false);
    }
    await dead;
    expect(acknowledged.length).toBeGreaterThanOrEqual(ACKNOWLEDGED_BEFORE_KILL);
    expect(acknowledged.length).toBeLessThan(PUBLISHED_MAX);
    await nats.start();
    await back;
    await publish('after');
    await Promise.all([...acknowledged, 'after'].map((id) => book.deliveries.handled(id)));
    for (const id of [...acknowledged, 'after']) expect(await rowsOf(id)).toEqual([{ text: `note ${id}` }]);
    const again = await enter(nats.identity.services.reporting.creds);
    expect(await storedReceipts(again)).toBeGreaterThanOrEqual(before + acknowledged.length + 1);
    await again.close();
  });

  it('keep a message waiting while the database is down, and give it its one row afterwards', async () => {
    await postgres.kill();
    await publish('patient');
    await book.deliveries.failed('patient');
    await postgres.start();
    await book.deliveries.handled('patient');
    expect(await rowsOf('patient')).toEqual([{ text: 'note patient' }]);
    expect(book.rejected).toEqual([]);
  });
});
