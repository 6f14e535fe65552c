import { loadProfiles, loadTrust } from '@mailwarden/config';
import { CONSUMERS, serviceSource } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { connectBus, ensureTopology, FleetKeyring, JetStreamStrategy, onReconnect, publishDurable, serveQuery, streamMadeAt } from '@mailwarden/messaging';
import { createLogger, NestLogger } from '@mailwarden/observability';
import { openDataSource, OutboxRelay } from '@mailwarden/persistence';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { ReceiptConsumer } from './accept-receipt/receipt.consumer.js';
import { BundlePress } from './apply-policy/bundle-press.js';
import { policyOverviewOf } from './apply-policy/policy-overview.js';
import { ObservationConsumer } from './order-rotation/observation.consumer.js';
import { OrderBook } from './order-rotation/order-book.js';
import { CreateObserved1764000000004 } from './schema/create-observed.migration.js';
import { CreateRotation1764000000003 } from './schema/create-rotation.migration.js';
import type { WorkerSettings } from './worker-settings.js';

const OWN_CONSUMERS = [CONSUMERS['rotation-observations'], CONSUMERS['rotation-receipts']];

/** The only place where the use cases are put together. */
@Module({})
export class RotationWorkerModule {
  static with(parts: { dataSource: DataSource; keyring: FleetKeyring; press: BundlePress; orders: OrderBook; relay: OutboxRelay }): DynamicModule {
    return {
      module: RotationWorkerModule,
      controllers: [ObservationConsumer, ReceiptConsumer],
      providers: [
        { provide: DataSource, useValue: parts.dataSource },
        { provide: FleetKeyring, useValue: parts.keyring },
        { provide: BundlePress, useValue: parts.press },
        { provide: OrderBook, useValue: parts.orders },
        { provide: OutboxRelay, useValue: parts.relay },
      ],
    };
  }
}

/** Boots the whole service; when it returns, it consumes and answers. */
export async function startRotationWorker(settings: WorkerSettings): Promise<{ close(): Promise<void> }> {
  const log = createLogger({ service: 'rotation-worker', level: settings.MAILWARDEN_LOG_LEVEL });
  const [trust, signer] = await Promise.all([loadTrust(settings.MAILWARDEN_TRUST), loadSigner(settings.MAILWARDEN_SIGNING_KEY)]);
  const profiles = await loadProfiles(settings.MAILWARDEN_PROFILE_DIR === undefined ? {} : { extraDir: settings.MAILWARDEN_PROFILE_DIR });
  const dataSource = await openDataSource({ url: settings.MAILWARDEN_DATABASE_URL, passwordFile: settings.MAILWARDEN_DATABASE_PASSWORD_FILE, schema: 'rotation', entities: [], migrations: [CreateRotation1764000000003, CreateObserved1764000000004] });
  const bus = await connectBus({ url: settings.MAILWARDEN_NATS_URL, credsFile: settings.MAILWARDEN_NATS_CREDS, caFile: settings.MAILWARDEN_NATS_CA, name: 'rotation-worker' });
  await ensureTopology(bus);
  const keyring = new FleetKeyring(bus, trust);
  await keyring.ready();
  const relay = new OutboxRelay({ dataSource, signer, source: serviceSource('rotation'), publish: (message) => publishDurable(bus, message), takerMadeAt: (subject) => streamMadeAt(bus, subject), onFailure: (cause) => log.warn({ err: cause }, 'messages wait: the bus or the database is away') });
  const press = new BundlePress({ dataSource, bus, keyring, signer, relay, profiles, policyDir: settings.MAILWARDEN_POLICY_DIR, log });
  onReconnect(bus, { back: () => relay.lookBack() });
  relay.start();
  await press.start();
  serveQuery(bus, 'rotation.policies', async () => ({ ok: true, value: await policyOverviewOf(dataSource, press) }), (cause) => log.error({ err: cause }, 'a question could not be answered'));
  const strategy = new JetStreamStrategy({ bus, consumers: OWN_CONSUMERS, keyOf: (source) => keyring.keyOf(source), onRejected: () => undefined, log });
  const app = await NestFactory.createMicroservice(RotationWorkerModule.with({ dataSource, keyring, press, orders: new OrderBook(signer), relay }), { strategy, logger: new NestLogger(log), abortOnError: false });
  await app.listen();
  log.info('the rotation worker is ready');
  return {
    close: async () => {
      await app.close();
      await press.stop();
      await relay.stop();
      await keyring.close();
      await bus.drain();
      await dataSource.destroy();
    },
  };
}
