import { MESSAGE_TYPES, subjects } from '@mailwarden/contracts';
import { connectAgentBus, connectBus, ensureOrderConsumer, ensureSubscriber, ensureTopology, publishDurable, putEntry } from '@mailwarden/messaging';
import { startNats, type RunningNats } from '@mailwarden/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('the bus with its accounts', () => {
  let nats: RunningNats;
  let control: NatsConnection;

  const enter = (credsFile: string): Promise<NatsConnection> => connectBus({ url: nats.url, credsFile, caFile: nats.identity.certificates.ca, name: 'suite' });
  const agentBus = (server: string) => connectAgentBus({ url: nats.url, credsFile: nats.identity.servers.get(server)?.creds ?? '', caFile: nats.identity.certificates.ca, server });

  beforeAll(async () => {
    nats = await startNats({ servers: ['mx-1', 'mx-2'] });
    control = await enter(nats.identity.services.reporting.creds);
    await ensureTopology(control);
    for (const server of ['mx-1', 'mx-2']) await ensureOrderConsumer(control, server);
  });
  afterAll(async () => {
    await control?.close();
    await nats?.stop();
  });

  it('may be prepared twice', async () => {
    await ensureTopology(control);
    expect((await (await jetstreamManager(control)).streams.info('EVENTS')).config.name).toBe('EVENTS');
  });

  it('stores what an agent says once, across accounts', async () => {
    const agent = await agentBus('mx-1');
    await agent.publishDurable(subjects.receipt('mx-1'), 'one', Buffer.from('{}'));
    await agent.publishDurable(subjects.receipt('mx-1'), 'one', Buffer.from('{}'));
    const { state } = await (await jetstreamManager(control)).streams.info('EVIDENCE', { subjects_filter: subjects.receipt('mx-1') });
    expect(state.subjects?.[subjects.receipt('mx-1')]).toBe(1);
    await agent.close();
  });

  it('lets no agent speak in another name', async () => {
    const agent = await agentBus('mx-1');
    await expect(agent.publishDurable(subjects.receipt('mx-2'), 'forged', Buffer.from('{}'))).rejects.toThrow();
    await agent.close();
  });

  it('brings an order to its server, again after a refusal, and not after an acknowledgement', async () => {
    const agent = await agentBus('mx-2');
    const seen: string[] = [];
    const twice = new Promise<void>((resolve) => {
      void agent.takeOrders(async (bytes, delivery) => {
        seen.push(text(bytes));
        if (seen.length === 1) return delivery.retry(50);
        await delivery.ack();
        resolve();
      });
    });
    await publishDurable(control, { subject: subjects.order('mx-2'), id: 'order-1', bytes: Buffer.from(`{"type":"${MESSAGE_TYPES.order}"}`) });
    await twice;
    expect(seen).toHaveLength(2);
    await agent.close();
    const consumer = await (await jetstreamManager(control)).consumers.info('ORDERS', 'agent-mx-2');
    expect(consumer.num_ack_pending).toBe(0);
  });

  it('gives an agent its own entries as they stand and as they change', async () => {
    await putEntry(control, 'bundle', 'mx-1', { version: 1 });
    const agent = await agentBus('mx-1');
    const seen: string[] = [];
    let changed = (): void => undefined;
    const second = new Promise<void>((resolve) => (changed = resolve));
    await agent.watchLatest('bundle', ['mx-1'], (_key, bytes) => {
      seen.push(text(bytes));
      if (seen.length === 2) changed();
      return Promise.resolve();
    });
    expect(seen).toEqual(['{"version":1}']);
    await putEntry(control, 'bundle', 'mx-1', { version: 2 });
    await second;
    expect(seen).toEqual(['{"version":1}', '{"version":2}']);
    await agent.close();
  });

  it('gives a subscriber events that it can replay and cannot write', async () => {
    await ensureSubscriber(control, 'main');
    const subject = subjects.event('agent.silent', 'medium', 'mx-1');
    await publishDurable(control, { subject, id: 'event-1', bytes: Buffer.from('{"heard":true}') });
    const siem = await enter(nats.identity.siemCreds);
    const consumer = await jetstream(siem).consumers.get('EVENTS', 'siem-main');
    const message = await consumer.next({ expires: 5_000 });
    expect(message?.subject).toBe(subject);
    await expect(jetstream(siem).publish(subject, 'forged', { timeout: 1_000 })).rejects.toThrow();
    await expect((await jetstreamManager(siem, { checkAPI: false })).streams.purge('EVENTS')).rejects.toThrow();
    await siem.close();
  });

  it('keeps what it acknowledged when it is killed', async () => {
    await publishDurable(control, { subject: subjects.evidence('reporting'), id: 'kept', bytes: Buffer.from('{}') });
    await nats.kill();
    await nats.start();
    const again = await enter(nats.identity.services.reporting.creds);
    const { state } = await (await jetstreamManager(again)).streams.info('EVIDENCE', { subjects_filter: subjects.evidence('reporting') });
    expect(state.subjects?.[subjects.evidence('reporting')]).toBe(1);
    await again.close();
  });
});
