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

/** How often a message came, and which of them must fail once. */
export class Deliveries {
  readonly failOnce = new Set<string>();
  readonly #came = new Map<string, number>();
  readonly #waiting = new Map<string, { times: number; tell: () => void }>();

  came(id: string): number {
    return this.#came.get(id) ?? 0;
  }

  /** Resolves when the message has been handled so often, failures included. */
  handled(id: string, times: number): Promise<void> {
    if (this.came(id) >= times) return Promise.resolve();
    return new Promise((tell) => this.#waiting.set(id, { times, tell }));
  }

  note(id: string): void {
    this.#came.set(id, this.came(id) + 1);
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined && this.came(id) >= waiting.times) waiting.tell();
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
    } finally {
      this.deliveries.note(envelope.id);
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
