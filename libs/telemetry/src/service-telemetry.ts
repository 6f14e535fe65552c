import { CONSUMERS, type ConsumerDefinition } from '@mailwarden/contracts';
import { CONSUMED_OUTCOMES, type ConsumerProgress, type OnConsumed } from '@mailwarden/messaging';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DataSource } from 'typeorm';
import { watchConsumers } from './consumer-gauges.js';
import { watchDatabase } from './database-gauges.js';
import { Metrics } from './metrics.js';
import { ServiceHealth, type HealthLimits } from './service-health.js';
import { openTelemetryDoor, type TelemetryDoor } from './telemetry-door.js';

/** From what is quick to what a statement may take at most. Units: seconds. */
const HANDLING_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;
const CONSUMER = Object.keys(CONSUMERS);

export interface ServiceTelemetryParts {
  /** Name of the service, as in its log. */
  readonly service: string;
  readonly dataSource: DataSource;
  readonly bus: NatsConnection;
  readonly consumers: readonly ConsumerDefinition[];
  readonly limits?: Partial<HealthLimits>;
}

/** What every service of the control plane tells of itself. */
export class ServiceTelemetry {
  readonly metrics: Metrics;
  readonly health: ServiceHealth;
  /** To be called for each message that was taken. */
  readonly onConsumed: OnConsumed;
  #door: TelemetryDoor | null = null;

  constructor({ service, dataSource, bus, consumers, limits }: ServiceTelemetryParts) {
    this.metrics = new Metrics(service);
    this.health = new ServiceHealth({ dataSource, bus }, limits);
    const consumed = this.metrics.counter({ name: 'mailwarden_messages_consumed_total', help: 'Messages taken from the bus, by consumer and by how it ended', labels: { consumer: CONSUMER, outcome: CONSUMED_OUTCOMES } });
    const handling = this.metrics.histogram({ name: 'mailwarden_message_handling_seconds', help: 'Time from taking a message up to its end, whatever that is', labels: { consumer: CONSUMER } }, HANDLING_BUCKETS);
    this.onConsumed = (consumer, outcome, seconds) => {
      consumed({ consumer, outcome });
      handling({ consumer }, seconds);
    };
    this.metrics.gauges('health', { ready: { name: 'mailwarden_ready', help: '1 while the database and the bus answer and every consumer gets on' } }, async () => ({ ready: [{ value: (await this.health.ready()).well ? 1 : 0 }] }));
    watchConsumers(this.metrics, bus, consumers);
    watchDatabase(this.metrics, dataSource);
  }

  /** Opens the door; the service consumes from now on. Errors: rejects when nothing can listen at the address. */
  async open(listen: string | undefined, progress: () => readonly ConsumerProgress[]): Promise<string | null> {
    this.health.follow(progress);
    this.#door = await openTelemetryDoor(listen, this);
    return this.#door.address;
  }

  async close(): Promise<void> {
    await this.#door?.close();
  }
}
