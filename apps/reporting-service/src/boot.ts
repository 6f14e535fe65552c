import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import { loadProfiles, loadTrust } from '@mailwarden/config';
import { CONSUMERS, isTextAskKey, serviceSource } from '@mailwarden/contracts';
import { AgentIssuer, loadSigner } from '@mailwarden/identity';
import { connectBus, ensureTopology, FleetKeyring, JetStreamStrategy, onReconnect, publishDurable, streamMadeAt, watchBucket } from '@mailwarden/messaging';
import { createLogger, NestLogger } from '@mailwarden/observability';
import { openDataSource, OutboxRelay } from '@mailwarden/persistence';
import { ocsfBeside } from '@mailwarden/siem-formats';
import { aroundHandling, ServiceTelemetry } from '@mailwarden/telemetry';
import { openTracer } from '@mailwarden/tracing';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { CheckpointClock } from './append-evidence/checkpoint-clock.js';
import { EvidenceTrim } from './append-evidence/evidence-trim.js';
import { EnrolmentDoors } from './enrol-fleet/enrolment-doors.js';
import { FleetEnrolment } from './enrol-fleet/fleet-enrolment.js';
import { RetirementClock } from './enrol-fleet/retirement-clock.js';
import { ConsentEntries } from './follow-consent/consent-entries.js';
import { ConvergenceWatch } from './follow-consent/convergence-watch.js';
import { PolicyBundles } from './follow-policy/policy-bundles.js';
import { OwnNames } from './http/own-names.js';
import { refuseUnreadable } from './http/problem.filter.js';
import { ReplaySender } from './keep-dead-letters/replay-sender.js';
import { SequenceWatch } from './keep-sequences/sequence-watch.js';
import { LiveUpdates } from './live-updates/live-updates.js';
import type { ReportingParts } from './reporting-parts.js';
import type { ReportingSettings } from './reporting-settings.js';
import { ReportingModule } from './reporting.module.js';
import { AddEnrolment1764000000015 } from './schema/add-enrolment.migration.js';
import { AddStoreTrends1764000000002 } from './schema/add-store-trends.migration.js';
import { AddWitnesses1764000000035 } from './schema/add-witnesses.migration.js';
import { AddOperatorLinks1764000000007 } from './schema/add-operator-links.migration.js';
import { CreateReadModels1764000000001 } from './schema/create-read-models.migration.js';
import { IndexEvidence1764000000014 } from './schema/index-evidence.migration.js';
import { FleetFindings1764000000034 } from './schema/fleet-findings.migration.js';
import { IndexLedger1764000000033 } from './schema/index-ledger.migration.js';
import { IndexIssuedBundles1764000000006 } from './schema/index-issued-bundles.migration.js';
import { KeepDeadLetters1764000000036 } from './schema/keep-dead-letters.migration.js';
import { KeepSequences1764000000038 } from './schema/keep-sequences.migration.js';
import { ConsoleFiles } from './serve-console/console-files.js';
import { watchFleet } from './tell-health/fleet-gauges.js';
import { watchRequests } from './tell-health/http-metrics.js';
import { WitnessDesk } from './witness-checkpoints/witness-desk.js';
import { HeartbeatWatch } from './watch-heartbeats/heartbeat-watch.js';

/** Larger requests are refused before they are read. The longest text of an agreement fits in, with an escape for each character. Units: bytes. */
const BODY_BYTES_MAX = 1024 * 1024;
const SOURCE = serviceSource('reporting');
const OWN_CONSUMERS = [CONSUMERS['reporting-observations'], CONSUMERS['reporting-evidence'], CONSUMERS['reporting-orders'], CONSUMERS['reporting-events'], CONSUMERS['reporting-dead-letters']];

/** A running service and how to end it. */
export interface RunningReporting {
  readonly url: string;
  readonly app: NestFastifyApplication;
  close(): Promise<void>;
}

async function openParts(settings: ReportingSettings): Promise<ReportingParts> {
  const log = createLogger({ service: 'reporting-service', level: settings.MAILWARDEN_LOG_LEVEL });
  const [trust, signer] = await Promise.all([loadTrust(settings.MAILWARDEN_TRUST), loadSigner(settings.MAILWARDEN_SIGNING_KEY)]);
  const dataSource = await openDataSource({
    url: settings.MAILWARDEN_DATABASE_URL,
    passwordFile: settings.MAILWARDEN_DATABASE_PASSWORD_FILE,
    schema: 'reporting',
    entities: [],
    migrations: [CreateReadModels1764000000001, AddStoreTrends1764000000002, IndexIssuedBundles1764000000006, AddOperatorLinks1764000000007, IndexEvidence1764000000014, IndexLedger1764000000033, FleetFindings1764000000034, AddWitnesses1764000000035, AddEnrolment1764000000015, KeepDeadLetters1764000000036, KeepSequences1764000000038],
  });
  const bus = await connectBus({ url: settings.MAILWARDEN_NATS_URL, credsFile: settings.MAILWARDEN_NATS_CREDS, caFile: settings.MAILWARDEN_NATS_CA, name: 'reporting-service' });
  await ensureTopology(bus);
  const relay = new OutboxRelay({ dataSource, signer, source: SOURCE, beside: ocsfBeside, publish: (message) => publishDurable(bus, message), takerMadeAt: (subject) => streamMadeAt(bus, subject), onFailure: (cause) => log.warn({ err: cause }, 'messages wait: the bus or the database is away') });
  const profiles = await loadProfiles(settings.MAILWARDEN_PROFILE_DIR === undefined ? {} : { extraDir: settings.MAILWARDEN_PROFILE_DIR });
  const consoleFiles = await ConsoleFiles.below(settings.MAILWARDEN_CONSOLE_DIR);
  const issuer = settings.MAILWARDEN_ISSUER === undefined ? null : await AgentIssuer.open(settings.MAILWARDEN_ISSUER);
  const telemetry = new ServiceTelemetry({ service: 'reporting-service', dataSource, bus, consumers: OWN_CONSUMERS });
  watchFleet(telemetry.metrics, dataSource);
  const tracer = await openTracer({ service: 'reporting-service', endpoint: settings.MAILWARDEN_OTLP_ENDPOINT, ratio: settings.MAILWARDEN_TRACE_RATIO, onFailure: (cause) => log.warn({ err: cause }, 'traces are not taken by their receiver') });
  return { issuer, settings, trust, signer, log, dataSource, bus, relay, keyring: new FleetKeyring(bus, trust), telemetry, tracer, profiles, consoleFiles };
}

/** The page may load nothing from elsewhere and be framed by nobody; its component library sets styles on elements. */
async function closeDoors(app: NestFastifyApplication, { settings, telemetry }: Pick<ReportingParts, 'settings' | 'telemetry'>): Promise<void> {
  await app.register(cookie);
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginEmbedderPolicy: false,
    strictTransportSecurity: false,
  });
  const server: FastifyInstance = app.getHttpAdapter().getInstance();
  watchRequests(telemetry.metrics, server);
  server.addHook('onRequest', new OwnNames(settings.MAILWARDEN_HTTP_NAMES ?? '').guard);
  // Answers tell of the fleet and of whoever asks: nothing between here and the reader keeps them. The console's own files say otherwise of themselves.
  server.addHook('onRequest', (_request, reply, next) => {
    void reply.header('cache-control', 'no-store');
    next();
  });
  // A form of another site can send these without being asked first; the API takes JSON alone.
  server.removeContentTypeParser('text/plain');
}

/** Follows what others publish for keeps: consent and policy. */
async function followBuckets(app: NestFastifyApplication, { bus, log }: ReportingParts): Promise<void> {
  const entries = app.get(ConsentEntries);
  const bundles = app.get(PolicyBundles);
  const live = app.get(LiveUpdates);
  await watchBucket(bus, 'consent', '>', ({ key, value }) => {
    if (isTextAskKey(key)) return live.tell('consent');
    if (value !== null && !entries.take(value)) log.warn({ key }, 'a consent entry was not taken: forged, unreadable or old');
    live.tell('consent');
  });
  await watchBucket(bus, 'bundle', '>', ({ key, value }) => {
    if (!bundles.take(key, value) && value !== null) log.warn({ server: key }, 'a policy bundle was not taken: forged or unreadable');
    live.tell('server', key);
  });
}

/** Boots the whole service; when it returns, it consumes and answers. */
export async function startReporting(settings: ReportingSettings): Promise<RunningReporting> {
  const parts = await openParts(settings);
  const { log, keyring, bus, relay, telemetry, tracer } = parts;
  const app = await NestFactory.create<NestFastifyApplication>(ReportingModule.with(parts), new FastifyAdapter({ bodyLimit: BODY_BYTES_MAX, trustProxy: false, frameworkErrors: refuseUnreadable }), { logger: new NestLogger(log), abortOnError: false, bodyParser: false });
  await closeDoors(app, parts);
  await app.get(FleetEnrolment).start();
  await keyring.ready();
  await followBuckets(app, parts);
  onReconnect(bus, { back: () => relay.lookBack() });
  relay.start();
  const strategy = new JetStreamStrategy({ bus, consumers: OWN_CONSUMERS, keyOf: (source) => keyring.keyOf(source), onConsumed: telemetry.onConsumed, around: aroundHandling(tracer), log });
  app.connectMicroservice({ strategy }, { inheritAppConfig: false });
  await app.startAllMicroservices();
  app.get(EnrolmentDoors).start();
  app.get(RetirementClock).start();
  app.get(ReplaySender).start();
  app.get(SequenceWatch).start();
  app.get(HeartbeatWatch).start();
  app.get(ConvergenceWatch).start();
  app.get(CheckpointClock).start();
  app.get(EvidenceTrim).start();
  log.info({ at: await telemetry.open(settings.MAILWARDEN_TELEMETRY_LISTEN, () => strategy.progress()) }, 'metrics and health are told');
  app.get(WitnessDesk).start();
  await app.listen(settings.MAILWARDEN_HTTP_PORT, settings.MAILWARDEN_HTTP_HOST);
  return { url: await app.getUrl(), app, close: () => close(app, parts) };
}

async function close(app: NestFastifyApplication, { dataSource, bus, relay, keyring, telemetry, tracer }: ReportingParts): Promise<void> {
  await telemetry.close();
  app.get(LiveUpdates).close();
  await app.get(EnrolmentDoors).stop();
  await app.get(RetirementClock).stop();
  await app.get(FleetEnrolment).stop();
  await app.get(HeartbeatWatch).stop();
  await app.get(ConvergenceWatch).stop();
  await app.get(CheckpointClock).stop();
  app.get(EvidenceTrim).stop();
  await app.get(ReplaySender).stop();
  await app.get(SequenceWatch).stop();
  await app.get(WitnessDesk).stop();
  app.getHttpServer().closeAllConnections();
  await app.close();
  await relay.stop();
  await keyring.close();
  await bus.drain();
  await dataSource.destroy();
  await tracer.close();
}
