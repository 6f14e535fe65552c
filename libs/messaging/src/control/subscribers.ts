import { SUBSCRIBED_STREAMS, subscriberConsumer } from '@mailwarden/contracts';
import { AckPolicy, DeliverPolicy, JetStreamApiCodes, JetStreamApiError, jetstreamManager, type ConsumerConfig, type JetStreamManager } from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';

/** What a subscriber's consumers give, and from where on. */
export interface SubscriberPlace {
  /** Subjects of events, or of events in OCSF; a stream of which none is named is given whole. */
  readonly only: readonly string[];
  /** The oldest event that is given; the oldest that is kept where it is null. */
  readonly since: Date | null;
}

const FROM_THE_BEGINNING: SubscriberPlace = { only: [], since: null };
const unlessGone = (cause: unknown): void => {
  if (!(cause instanceof JetStreamApiError) || cause.code !== JetStreamApiCodes.ConsumerNotFound) throw cause;
};

/** The broker redelivers without end: a subscriber that is away for weeks finds what is still kept. */
function configOf(name: string, stream: (typeof SUBSCRIBED_STREAMS)[number], { only, since }: SubscriberPlace): Partial<ConsumerConfig> {
  const consumer = subscriberConsumer(name, stream);
  const wanted = only.filter((subject) => consumer.filters.some((filter) => subject.startsWith(filter.replace('>', ''))));
  return {
    durable_name: consumer.name,
    ack_policy: AckPolicy.Explicit,
    ...(since === null ? { deliver_policy: DeliverPolicy.All } : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: since.toISOString() }),
    ack_wait: nanos(consumer.ackWaitMs),
    max_deliver: -1,
    max_ack_pending: consumer.maxAckPending,
    filter_subjects: wanted.length === 0 ? [...consumer.filters] : wanted,
  };
}

const isThere = async (manager: JetStreamManager, stream: string, consumer: string): Promise<boolean> =>
  manager.consumers.info(stream, consumer).then(
    () => true,
    (cause: unknown) => {
      unlessGone(cause);
      return false;
    },
  );

/** Makes the consumers of one subscriber where they are missing; those that are there keep their place. */
export async function ensureSubscriber(bus: NatsConnection, name: string): Promise<void> {
  const manager = await jetstreamManager(bus);
  for (const stream of SUBSCRIBED_STREAMS) {
    if (!(await isThere(manager, stream, subscriberConsumer(name, stream).name))) await manager.consumers.add(stream, configOf(name, stream, FROM_THE_BEGINNING));
  }
}

/** Makes the consumers of one subscriber anew, in another place or with another choice. What it has not acknowledged comes again. */
export async function placeSubscriber(bus: NatsConnection, name: string, place: SubscriberPlace): Promise<void> {
  const manager = await jetstreamManager(bus);
  for (const stream of SUBSCRIBED_STREAMS) {
    await manager.consumers.delete(stream, subscriberConsumer(name, stream).name).catch(unlessGone);
    await manager.consumers.add(stream, configOf(name, stream, place));
  }
}
