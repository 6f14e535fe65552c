import { eventType, openEnvelope, OCSF_TYPE, serviceSource, subjects, type EventName, type EventPayload } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { signerFromPem, type PublicKeyText } from '@mailwarden/kernel';
import { connectBus, ensureTopology, publishDurable } from '@mailwarden/messaging';
import { enqueue, openDataSource, OutboxRelay, type RelayParts } from '@mailwarden/persistence';
import { ocsfBeside } from '@mailwarden/siem-formats';
import { eventually, startNats, startPostgres, type ForgetfulNats, type RunningPostgres } from '@mailwarden/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { readFile } from 'node:fs/promises';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, expect, describe, it } from 'vitest';
import { z } from 'zod';

interface Told {
  readonly id: string;
  readonly subject: string;
  readonly sequence: number;
}

describe('events in OCSF', () => {
  let nats: ForgetfulNats;
  let postgres: RunningPostgres;
  let bus: NatsConnection;
  let dataSource: DataSource;
  let key: PublicKeyText;

  const relayWith = async (part: Partial<RelayParts>): Promise<OutboxRelay> =>
    new OutboxRelay({ dataSource, signer: await loadSigner(nats.identity.services.rotation.signingKey), source: serviceSource('rotation'), beside: ocsfBeside, publish: (message) => publishDurable(bus, message), ...part });
  const say = async (id: string, detail: EventPayload<'agent.returned'>): Promise<void> => {
    const name: EventName = 'agent.returned';
    await dataSource.transaction((tx) => enqueue(tx, { id, subject: subjects.event(name, 'info', 'mx-1'), type: eventType(name), data: { event: name, server: 'mx-1', severity: 'info', at: '2026-03-01T08:00:00.000Z', detail } }));
  };
  /** All messages of a stream, each opened as a subscriber would. */
  const inStream = async (stream: string): Promise<Told[]> => {
    const { state } = await (await jetstreamManager(bus)).streams.info(stream);
    if (state.messages === 0) return [];
    const consumer = await jetstream(bus).consumers.get(stream);
    const told: Told[] = [];
    for await (const message of await consumer.fetch({ max_messages: state.messages, expires: 2_000 })) {
      const opened = openEnvelope(message.data, { subject: message.subject, types: { [OCSF_TYPE]: z.unknown(), [eventType('agent.returned')]: z.unknown() }, keyOf: () => key });
      if (!opened.ok) throw new Error(opened.error.detail);
      told.push({ id: opened.value.id, subject: opened.value.subject, sequence: opened.value.sequence });
    }
    return told;
  };
  const allSent = async (): Promise<void> => {
    await eventually('the outbox is empty', 20_000, async () => ((await dataSource.query<unknown[]>('SELECT 1 FROM suite.outbox WHERE sent_at IS NULL')).length === 0 ? true : undefined));
  };

  beforeAll(async () => {
    [nats, postgres] = await Promise.all([startNats({ servers: [] }), startPostgres()]);
    bus = await connectBus({ url: nats.url, caFile: nats.identity.certificates.ca, credsFile: nats.identity.services.rotation.creds, name: 'suite' });
    dataSource = await openDataSource({ url: postgres.url, passwordFile: postgres.passwordFile, schema: 'suite', entities: [], migrations: [] });
    key = signerFromPem(await readFile(nats.identity.services.rotation.signingKey, 'utf8')).publicKey;
  });
  beforeEach(async () => {
    const manager = await jetstreamManager(bus);
    for (const name of ['EVENTS', 'OCSF']) await manager.streams.delete(name).catch(() => undefined);
    await ensureTopology(bus);
    for (const table of ['outbox', 'outbox_head']) await dataSource.query(`DELETE FROM suite.${table}`);
  });
  afterAll(async () => {
    await dataSource?.destroy();
    await bus?.close();
    await nats?.stop();
    await postgres?.stop();
  });

  it('travel beside each event under its id and number, signed by the same source, and nothing else does', async () => {
    for (let one = 1; one <= 300; one += 1) await say(`e-${one}`, { silentSeconds: one });
    await dataSource.transaction((tx) => enqueue(tx, { id: 'evidence', subject: subjects.evidence('rotation'), type: 'mailwarden.evidence.stated.v1', data: {} }));
    const relay = await relayWith({});
    relay.start();
    await allSent();
    await relay.stop();
    const [events, ocsf] = [await inStream('EVENTS'), await inStream('OCSF')];
    expect(events.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    expect(ocsf.map(({ id, sequence }) => ({ id, sequence }))).toEqual(events.map(({ id, sequence }) => ({ id, sequence })));
    expect(new Set(ocsf.map(({ subject }) => subject))).toEqual(new Set(['mw.ocsf.6002.info.mx-1']));
  }, 60_000);

  it.each(['mw.event', 'mw.ocsf'])('come once when a service ends after the message on %s and before the other', async (first) => {
    for (let one = 1; one <= 5; one += 1) await say(`e-${one}`, { silentSeconds: one });
    // The service is gone before the second message of each pair: the row is not marked, and the next start says both again.
    const killed = await relayWith({ publish: (message) => (message.subject.startsWith(first) ? publishDurable(bus, message) : Promise.reject(new Error('gone'))) });
    killed.start();
    await eventually('the first of each pair is there', 10_000, async () => ((await inStream(first === 'mw.event' ? 'EVENTS' : 'OCSF')).length === 5 ? true : undefined));
    await killed.stop();
    const relay = await relayWith({});
    relay.start();
    await allSent();
    await relay.stop();
    const [events, ocsf] = [await inStream('EVENTS'), await inStream('OCSF')];
    expect(events.map(({ id }) => id)).toEqual(['e-1', 'e-2', 'e-3', 'e-4', 'e-5']);
    expect(ocsf.map(({ id, sequence }) => [id, sequence])).toEqual(events.map(({ id, sequence }) => [id, sequence]));
  }, 60_000);
});
