import { agentSource, CONSUMERS, eventType, MESSAGE_TYPES, serviceSource, subjects, type KeyOf } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { connectBus, Consumes, JetStreamStrategy, publishDurable, type Received } from '@mailwarden/messaging';
import { enqueue, handleOnce, openDataSource, OutboxRelay } from '@mailwarden/persistence';
import type { RunningNats } from '@mailwarden/testing';
import { Controller, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { z } from 'zod';
import type { RunningPostgres } from './start-postgres-container.js';

const CONSUMER = 'rotation-receipts';
const note = z.object({ text: z.string() });
type Note = z.output<typeof note>;

/** No key forbids a second row: a message that had its effect twice would be seen. */
class CreateNotes1764000000001 implements MigrationInterface {
  readonly name = 'CreateNotes1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE suite.note (message_id text NOT NULL, text text NOT NULL)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE suite.note');
  }
}

/** How often each message had its effect or none that was new, and how often its handler failed. */
export class Deliveries {
  readonly failOnce = new Set<string>();
  readonly #counts = new Map<string, number>();
  readonly #waiting: { key: string; times: number; tell: () => void }[] = [];

  handled(id: string, times = 1): Promise<void> {
    return this.#until(`handled ${id}`, times);
  }

  failed(id: string, times = 1): Promise<void> {
    return this.#until(`failed ${id}`, times);
  }

  note(outcome: 'handled' | 'failed', id: string): void {
    const key = `${outcome} ${id}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    for (const waiting of this.#waiting) if (waiting.key === key && count >= waiting.times) waiting.tell();
  }

  #until(key: string, times: number): Promise<void> {
    if ((this.#counts.get(key) ?? 0) >= times) return Promise.resolve();
    return new Promise((tell) => this.#waiting.push({ key, times, tell }));
  }
}

@Controller()
class ReceiptsConsumer {
  constructor(
    private readonly dataSource: DataSource,
    private readonly deliveries: Deliveries,
    private readonly relay: OutboxRelay,
  ) {}

  /** A row and a message to say, in one transaction with the record of having handled the message. */
  @Consumes(CONSUMER, { types: { [MESSAGE_TYPES.receipt]: note } })
  async received({ envelope }: Received<Note>): Promise<void> {
    try {
      await handleOnce(this.dataSource, CONSUMER, envelope.id, async (tx) => {
        await tx.query('INSERT INTO suite.note (message_id, text) VALUES ($1, $2)', [envelope.id, envelope.data.text]);
        await enqueue(tx, { id: `said-${envelope.id}`, subject: subjects.event('rotation.completed', 'info', 'mx-1'), type: eventType('rotation.completed'), data: envelope.data });
        if (this.deliveries.failOnce.delete(envelope.id)) throw new Error('the handler fails after its insert, on purpose');
      });
      this.relay.kick();
      this.deliveries.note('handled', envelope.id);
    } catch (cause) {
      this.deliveries.note('failed', envelope.id);
      throw cause;
    }
  }
}

@Module({})
class ReceiptBookModule {
  static with(dataSource: DataSource, deliveries: Deliveries, relay: OutboxRelay): DynamicModule {
    return {
      module: ReceiptBookModule,
      controllers: [ReceiptsConsumer],
      providers: [
        { provide: DataSource, useValue: dataSource },
        { provide: Deliveries, useValue: deliveries },
        { provide: OutboxRelay, useValue: relay },
      ],
    };
  }
}

export interface RunningReceiptBook {
  readonly dataSource: DataSource;
  readonly deliveries: Deliveries;
  /** What was put aside, with its reason. */
  readonly rejected: readonly string[];
  close(): Promise<void>;
}

/** A service as small as one can be, made of the parts that every service of the product is made of. */
export async function startReceiptBook(nats: RunningNats, postgres: RunningPostgres): Promise<RunningReceiptBook> {
  const { identity } = nats;
  const dataSource = await openDataSource({ ...postgres.database, schema: 'suite', entities: [], migrations: [CreateNotes1764000000001] });
  const bus = await connectBus({ url: nats.url, credsFile: identity.services.rotation.creds, caFile: identity.certificates.ca, name: 'receipt-book' });
  const relay = new OutboxRelay({ dataSource, signer: await loadSigner(identity.services.rotation.signingKey), source: serviceSource('rotation'), publish: (message) => publishDurable(bus, message) });
  const deliveries = new Deliveries();
  const rejected: string[] = [];
  const keyOf: KeyOf = (source) => [...identity.servers].find(([server]) => source === agentSource(server))?.[1].publicKey;
  const quiet = { warn: () => undefined, error: () => undefined };
  const strategy = new JetStreamStrategy({ bus, consumers: [CONSUMERS[CONSUMER]], keyOf, onRejected: ({ reason }) => rejected.push(reason), log: quiet });
  const app = await NestFactory.createMicroservice(ReceiptBookModule.with(dataSource, deliveries, relay), { strategy, logger: false, abortOnError: false });
  relay.start();
  await app.listen();
  return {
    dataSource,
    deliveries,
    rejected,
    close: async () => {
      await app.close();
      await relay.stop();
      await bus.drain();
      await dataSource.destroy();
    },
  };
}
