import { BUCKETS, CONSUMERS, MESSAGE_BYTES_MAX, orderConsumer, replayConsumer, STREAMS, subjects, type ConsumerDefinition, type StreamDefinition } from '@mailwarden/contracts';
import { AckPolicy, DeliverPolicy, DiscardPolicy, JetStreamApiCodes, JetStreamApiError, jetstreamManager, RetentionPolicy, StorageType, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { nanos, type NatsConnection } from '@nats-io/transport-node';

/** Room for the envelope around the largest payload. Units: bytes. */
const HEADROOM_BYTES = 4_096;
/** Each stream that is made waits for the broker's disk, which may be busy. */
const API = { timeout: 20_000 } as const;

const streamConfig = (stream: StreamDefinition): Partial<StreamConfig> & { name: string } => ({
  name: stream.name,
  subjects: [...stream.subjects],
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: stream.discard === 'new' ? DiscardPolicy.New : DiscardPolicy.Old,
  max_age: nanos(stream.maxAgeSeconds * 1000),
  max_bytes: stream.maxBytes,
  max_msg_size: MESSAGE_BYTES_MAX * 2 + HEADROOM_BYTES,
  duplicate_window: nanos(stream.duplicateWindowSeconds * 1000),
  allow_direct: true,
  deny_delete: true,
});

const isCode = (cause: unknown, code: number): boolean => cause instanceof JetStreamApiError && cause.code === code;

async function ensureStream(manager: JetStreamManager, stream: StreamDefinition): Promise<void> {
  try {
    await manager.streams.info(stream.name);
    await manager.streams.update(stream.name, streamConfig(stream));
  } catch (cause) {
    if (!isCode(cause, JetStreamApiCodes.StreamNotFound)) throw cause;
    await manager.streams.add(streamConfig(stream));
  }
}

/** The broker redelivers without end: giving up is a decision of the consumer, which puts the message aside with its reason. */
async function ensureConsumer(manager: JetStreamManager, consumer: ConsumerDefinition): Promise<void> {
  await manager.consumers.add(consumer.stream, {
    durable_name: consumer.name,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(consumer.ackWaitMs),
    max_deliver: -1,
    max_ack_pending: consumer.maxAckPending,
    filter_subjects: [...consumer.filters],
  });
}

/** Makes every stream, bucket and shared consumer that is missing, and brings the others to their present form. Safe to run from several services at once. */
export async function ensureTopology(bus: NatsConnection): Promise<void> {
  const manager = await jetstreamManager(bus, API);
  for (const stream of Object.values(STREAMS)) await ensureStream(manager, stream);
  const buckets = new Kvm(bus);
  for (const bucket of Object.values(BUCKETS)) await buckets.create(bucket.name, { history: bucket.history, storage: StorageType.File, allow_direct: true });
  for (const consumer of Object.values(CONSUMERS)) {
    await ensureConsumer(manager, consumer);
    if (consumer.stream !== STREAMS.DEAD.name) await ensureConsumer(manager, replayConsumer(consumer.name));
  }
}

/** When the stream behind a subject was made: what was published before that is not in it. Errors: rejects when there is no such stream. */
export async function streamMadeAt(bus: NatsConnection, subject: string): Promise<Date> {
  const manager = await jetstreamManager(bus, API);
  return new Date((await manager.streams.info(await manager.streams.find(subject))).created);
}

/** Makes the durable consumer that one server's agent takes its orders from. */
export async function ensureOrderConsumer(bus: NatsConnection, server: string): Promise<void> {
  await ensureConsumer(await jetstreamManager(bus, API), orderConsumer(server));
}

/** Takes back what one server was ordered to do and had not taken yet, and the consumer that it took orders by. */
export async function voidOrders(bus: NatsConnection, server: string): Promise<void> {
  const manager = await jetstreamManager(bus, API);
  await manager.streams.purge(STREAMS.ORDERS.name, { filter: subjects.order(server) });
  await manager.consumers.delete(STREAMS.ORDERS.name, orderConsumer(server).name).catch((cause: unknown) => {
    if (!isCode(cause, JetStreamApiCodes.ConsumerNotFound)) throw cause;
  });
}
