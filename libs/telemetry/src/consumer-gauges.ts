import type { ConsumerDefinition } from '@mailwarden/contracts';
import { jetstreamManager, type ConsumerInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { GaugeReading, Metrics } from './metrics.js';

/** What waits for each consumer, by the broker's own count: a service that hangs cannot tell it otherwise. */
export function watchConsumers(metrics: Metrics, bus: NatsConnection, consumers: readonly ConsumerDefinition[]): void {
  const labels = { consumer: consumers.map(({ name }) => name) };
  metrics.gauges(
    'consumers',
    {
      pending: { name: 'mailwarden_consumer_pending_messages', help: 'Messages that the broker has not given to the consumer yet', labels },
      unacknowledged: { name: 'mailwarden_consumer_unacknowledged_messages', help: 'Messages that were given and not answered for yet', labels },
      redelivered: { name: 'mailwarden_consumer_redelivered_messages', help: 'Messages not answered for yet that were given more than once', labels },
    },
    async () => {
      const manager = await jetstreamManager(bus);
      const infos = await Promise.all(consumers.map(({ stream, name }) => manager.consumers.info(stream, name)));
      const read = (of: (info: ConsumerInfo) => number): GaugeReading[] => infos.map((info) => ({ labels: { consumer: info.name }, value: of(info) }));
      return { pending: read((info) => info.num_pending), unacknowledged: read((info) => info.num_ack_pending), redelivered: read((info) => info.num_redelivered) };
    },
  );
}
