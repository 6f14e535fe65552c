import type { Profile } from '@mailwarden/catalogue';
import { loadProfiles, loadTrust } from '@mailwarden/config';
import { CONSUMERS, serviceSource } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import type { ProfileId, Signer } from '@mailwarden/kernel';
import { connectBus, ensureTopology, FleetKeyring, JetStreamStrategy, onReconnect, publishDurable, ServiceAnswers, streamMadeAt } from '@mailwarden/messaging';
import { createLogger, NestLogger, type Logger } from '@mailwarden/observability';
import { openDataSource, OutboxRelay, takeOnce } from '@mailwarden/persistence';
import { ocsfBeside } from '@mailwarden/siem-formats';
import { aroundHandling, ServiceTelemetry } from '@mailwarden/telemetry';
import { openTracer } from '@mailwarden/tracing';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NatsConnection } from '@nats-io/transport-node';
import { DataSource } from 'typeorm';
import { ReceiptConsumer } from './accept-receipt/receipt.consumer.js';
import { ReceiptEffects } from './accept-receipt/receipt-effects.js';
import { answerQuestions } from './answer-questions.js';
import { BundlePress } from './apply-policy/bundle-press.js';
import { PolicyDesk } from './apply-policy/policy-desk.js';
import { PolicyShelf } from './apply-policy/policy-shelf.js';
import { Requests } from './ask-approval/requests.js';
import { DecisionDesk } from './decide/decision-desk.js';
import { ExactPlanning } from './foretell-fleet/exact-plans.js';
import { FleetPlan } from './foretell-fleet/fleet-plan.js';
import { Marks } from './mark-first/marks.js';
import { ObservationConsumer } from './order-rotation/observation.consumer.js';
import { OrderBook } from './order-rotation/order-book.js';
import { OrderClerk } from './order-rotation/order-clerk.js';
import { OrderGate } from './order-rotation/order-gate.js';
import { OrderSlots } from './order-rotation/order-slots.js';
import { RolloutClerk } from './roll-out/rollout-clerk.js';
import { Rollouts } from './roll-out/rollouts.js';
import { CreateFleet1764000000005 } from './schema/create-fleet.migration.js';
import { CreateObserved1764000000004 } from './schema/create-observed.migration.js';
import { CreateRotation1764000000003 } from './schema/create-rotation.migration.js';
import { NoteResumed1764000000006 } from './schema/note-resumed.migration.js';
import { NoteStandstill1764000000007 } from './schema/note-standstill.migration.js';
import { watchOrders } from './tell-figures/order-gauges.js';
import type { WorkerSettings } from './worker-settings.js';

const OWN_CONSUMERS = [CONSUMERS['rotation-observations'], CONSUMERS['rotation-receipts']];

/** The only place where the use cases are put together. */
@Module({})
export class RotationWorkerModule {
  static with(parts: { dataSource: DataSource; keyring: FleetKeyring; press: BundlePress; orders: OrderBook; relay: OutboxRelay; effects: ReceiptEffects }): DynamicModule {
    return {
      module: RotationWorkerModule,
      controllers: [ObservationConsumer, ReceiptConsumer],
      providers: [
        { provide: DataSource, useValue: parts.dataSource },
        { provide: FleetKeyring, useValue: parts.keyring },
        { provide: BundlePress, useValue: parts.press },
        { provide: OrderBook, useValue: parts.orders },
        { provide: OutboxRelay, useValue: parts.relay },
        { provide: ReceiptEffects, useValue: parts.effects },
      ],
    };
  }
}

interface Outside {
  readonly settings: WorkerSettings;
  readonly dataSource: DataSource;
  readonly bus: NatsConnection;
  readonly keyring: FleetKeyring;
  readonly signer: Signer;
  readonly relay: OutboxRelay;
  readonly profiles: ReadonlyMap<ProfileId, Profile>;
  readonly log: Logger;
}

/** The use cases, wired to what lies outside. */
function compose({ settings, dataSource, bus, keyring, signer, relay, profiles, log }: Outside) {
  const shelf = new PolicyShelf({ dataSource, policyDir: settings.MAILWARDEN_POLICY_DIR, log });
  const rollouts = new Rollouts(dataSource, keyring);
  const press = new BundlePress({ dataSource, bus, keyring, signer, relay, profiles, shelf, rollouts, log });
  const [requests, marks] = [new Requests(), new Marks()];
  const slots = new OrderSlots(settings.MAILWARDEN_ORDERS_AT_ONCE, (server) => keyring.labelsOf(server));
  const orders = new OrderBook(new OrderGate({ signer, shelf, rollouts, requests, marks, slots }), rollouts, shelf, marks);
  const standing = () => shelf.policies();
  const plan = new FleetPlan({ dataSource, profiles, members: () => keyring.members(), standing });
  return {
    press,
    orders,
    effects: new ReceiptEffects(shelf, rollouts, marks),
    clerk: new OrderClerk({ dataSource, relay, requests, marks, rollouts: new RolloutClerk(rollouts, shelf), log }),
    questions: {
      dataSource,
      shelf,
      press,
      rollouts,
      policies: new PolicyDesk({ dataSource, shelf, press, relay }),
      decisions: new DecisionDesk({ dataSource, shelf, press, rollouts, requests, marks, orders, relay }),
      plan,
      exact: new ExactPlanning({ dataSource, signer, relay, plan, standing, bundleOf: (server) => press.bundleOf(server) }),
    },
  };
}

/** Boots the whole service; when it returns, it consumes and answers. */
export async function startRotationWorker(settings: WorkerSettings): Promise<{ close(): Promise<void> }> {
  const log = createLogger({ service: 'rotation-worker', level: settings.MAILWARDEN_LOG_LEVEL });
  const [trust, signer] = await Promise.all([loadTrust(settings.MAILWARDEN_TRUST), loadSigner(settings.MAILWARDEN_SIGNING_KEY)]);
  const profiles = await loadProfiles(settings.MAILWARDEN_PROFILE_DIR === undefined ? {} : { extraDir: settings.MAILWARDEN_PROFILE_DIR });
  const dataSource = await openDataSource({ url: settings.MAILWARDEN_DATABASE_URL, passwordFile: settings.MAILWARDEN_DATABASE_PASSWORD_FILE, schema: 'rotation', entities: [], migrations: [CreateRotation1764000000003, CreateObserved1764000000004, CreateFleet1764000000005, NoteResumed1764000000006, NoteStandstill1764000000007] });
  const bus = await connectBus({ url: settings.MAILWARDEN_NATS_URL, credsFile: settings.MAILWARDEN_NATS_CREDS, caFile: settings.MAILWARDEN_NATS_CA, name: 'rotation-worker' });
  await ensureTopology(bus);
  const keyring = new FleetKeyring(bus, trust);
  await keyring.ready();
  const relay = new OutboxRelay({ dataSource, signer, source: serviceSource('rotation'), beside: ocsfBeside, publish: (message) => publishDurable(bus, message), takerMadeAt: (subject) => streamMadeAt(bus, subject), onFailure: (cause) => log.warn({ err: cause }, 'messages wait: the bus or the database is away') });
  const { press, orders, effects, clerk, questions } = compose({ settings, dataSource, bus, keyring, signer, relay, profiles, log });
  onReconnect(bus, {
    back: () => {
      relay.lookBack();
      press.lookBack();
    },
  });
  relay.start();
  await press.start();
  clerk.start();
  const answers = new ServiceAnswers('rotation', {
    bus, signer, trust,
    takeOnce: (question) => takeOnce(dataSource, question),
    onFailure: (cause) => log.error({ err: cause }, 'a question could not be answered'),
    onRefused: (refusal) => log.warn(refusal, 'a question was refused'),
  });
  answerQuestions(answers, questions);
  const telemetry = new ServiceTelemetry({ service: 'rotation-worker', dataSource, bus, consumers: OWN_CONSUMERS });
  watchOrders(telemetry.metrics, dataSource);
  const tracer = await openTracer({ service: 'rotation-worker', endpoint: settings.MAILWARDEN_OTLP_ENDPOINT, ratio: settings.MAILWARDEN_TRACE_RATIO, onFailure: (cause) => log.warn({ err: cause }, 'traces are not taken by their receiver') });
  const strategy = new JetStreamStrategy({ bus, consumers: OWN_CONSUMERS, keyOf: (source) => keyring.keyOf(source), onConsumed: telemetry.onConsumed, around: aroundHandling(tracer), log });
  const app = await NestFactory.createMicroservice(RotationWorkerModule.with({ dataSource, keyring, press, orders, relay, effects }), { strategy, logger: new NestLogger(log), abortOnError: false });
  await Promise.all([app.listen(), answers.ready()]);
  log.info({ telemetry: await telemetry.open(settings.MAILWARDEN_TELEMETRY_LISTEN, () => strategy.progress()) }, 'the rotation worker is ready');
  return {
    close: async () => {
      await telemetry.close();
      await app.close();
      await clerk.stop();
      await press.stop();
      await relay.stop();
      await keyring.close();
      await bus.drain();
      await dataSource.destroy();
      await tracer.close();
    },
  };
}
