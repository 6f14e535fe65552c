import { loadProfiles, loadTrust } from '@mailwarden/config';
import { CONSUMERS, serviceSource } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { connectBus, ensureTopology, FleetKeyring, JetStreamStrategy, onReconnect, publishDurable, putEntry, ServiceAnswers, streamMadeAt } from '@mailwarden/messaging';
import { createLogger, NestLogger } from '@mailwarden/observability';
import { openDataSource, OutboxRelay, takeOnce } from '@mailwarden/persistence';
import { ocsfBeside } from '@mailwarden/siem-formats';
import { aroundHandling, ServiceTelemetry } from '@mailwarden/telemetry';
import { openTracer } from '@mailwarden/tracing';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { AgentsConsumer } from './follow-agents/agents.consumer.js';
import { ConvergenceBook } from './follow-agents/convergence-book.js';
import { ConvergenceSweep } from './follow-agents/convergence-sweep.js';
import { TextDesk } from './keep-texts/text-desk.js';
import { TextFetcher } from './keep-texts/text-fetcher.js';
import { decisionPageOf } from './list-consent/decision-pages.js';
import { consentOverviewOf } from './list-consent/overview.js';
import { PastConsent } from './look-back/past-consent.js';
import { EntryPublisher } from './publish-entries/entry-publisher.js';
import { Agreements } from './record-decision/agreements.js';
import { DecisionBook } from './record-decision/decision-book.js';
import { DecisionRecorder } from './record-decision/decision-recorder.js';
import { Proposals } from './record-decision/proposals.js';
import type { RegistrySettings } from './registry-settings.js';
import { AddProposals1764000000013 } from './schema/add-proposals.migration.js';
import { AddPublished1764000000009 } from './schema/add-published.migration.js';
import { AddTextAsks1764000000015 } from './schema/add-text-asks.migration.js';
import { AddTexts1764000000008 } from './schema/add-texts.migration.js';
import { CreateDecisions1764000000002 } from './schema/create-decisions.migration.js';
import { ConsentRecords } from './write-record/consent-records.js';
import { recordedAgreements } from './write-record/recorded-agreements.js';

const OWN_CONSUMERS = [CONSUMERS['consent-observations'], CONSUMERS['consent-attestations']];

/** The only place where the use cases are put together. */
@Module({})
export class ConsentRegistryModule {
  static with(parts: { dataSource: DataSource; agreements: Agreements; convergence: ConvergenceBook; fetcher: TextFetcher; relay: OutboxRelay }): DynamicModule {
    return {
      module: ConsentRegistryModule,
      controllers: [AgentsConsumer],
      providers: [
        { provide: DataSource, useValue: parts.dataSource },
        { provide: Agreements, useValue: parts.agreements },
        { provide: ConvergenceBook, useValue: parts.convergence },
        { provide: TextFetcher, useValue: parts.fetcher },
        { provide: OutboxRelay, useValue: parts.relay },
      ],
    };
  }
}

/** Boots the whole service; when it returns, it consumes and answers. */
export async function startConsentRegistry(settings: RegistrySettings): Promise<{ close(): Promise<void> }> {
  const log = createLogger({ service: 'consent-registry', level: settings.MAILWARDEN_LOG_LEVEL });
  const [trust, signer] = await Promise.all([loadTrust(settings.MAILWARDEN_TRUST), loadSigner(settings.MAILWARDEN_SIGNING_KEY)]);
  const profiles = await loadProfiles(settings.MAILWARDEN_PROFILE_DIR === undefined ? {} : { extraDir: settings.MAILWARDEN_PROFILE_DIR });
  const dataSource = await openDataSource({ url: settings.MAILWARDEN_DATABASE_URL, passwordFile: settings.MAILWARDEN_DATABASE_PASSWORD_FILE, schema: 'consent', entities: [], migrations: [CreateDecisions1764000000002, AddTexts1764000000008, AddPublished1764000000009, AddProposals1764000000013, AddTextAsks1764000000015] });
  const bus = await connectBus({ url: settings.MAILWARDEN_NATS_URL, credsFile: settings.MAILWARDEN_NATS_CREDS, caFile: settings.MAILWARDEN_NATS_CA, name: 'consent-registry' });
  await ensureTopology(bus);
  const keyring = new FleetKeyring(bus, trust);
  await keyring.ready();
  const relay = new OutboxRelay({ dataSource, signer, source: serviceSource('consent'), beside: ocsfBeside, publish: (message) => publishDurable(bus, message), takerMadeAt: (subject) => streamMadeAt(bus, subject), onFailure: (cause) => log.warn({ err: cause }, 'messages wait: the bus or the database is away') });
  const publisher = new EntryPublisher(dataSource, bus, signer.publicKey, log);
  const agreements = new Agreements(dataSource, profiles.values());
  const proposals = new Proposals(dataSource);
  const twoPersons = settings.MAILWARDEN_CONSENT_TWO_PERSONS;
  const decisions = new DecisionBook({
    dataSource, agreements, proposals, twoPersons,
    recorder: new DecisionRecorder(signer, agreements, () => keyring.members()),
    announced: () => relay.kick(),
    publish: (scope) => {
      publisher.kick(scope);
      relay.kick();
    },
  });
  const answers = new ServiceAnswers('consent', {
    bus, signer, trust,
    takeOnce: (question) => takeOnce(dataSource, question),
    onFailure: (cause) => log.error({ err: cause }, 'a question could not be answered'),
    onRefused: (refusal) => log.warn(refusal, 'a question was refused'),
  });
  answers.serve('consent.decide', (request) => decisions.decide(request));
  answers.serve('consent.import', (request) => decisions.import(request));
  answers.serve('consent.decisions', ({ agreement, after }) => decisionPageOf(dataSource, agreements, agreement, after));
  answers.serve('consent.proposal', async ({ proposal }) => decisions.proposal(proposal));
  answers.serve('consent.answer-proposal', (request) => decisions.answerProposal(request));
  const texts = new TextDesk(dataSource, agreements, () => relay.kick());
  const fetcher = new TextFetcher({ dataSource, agreements, texts, signer, isMember: (server) => keyring.members().some((member) => member.server === server), publish: (key, asks) => putEntry(bus, 'consent', key, asks) });
  answers.serve('consent.fetch-text', (request) => fetcher.ask(request));
  const past = new PastConsent(dataSource, agreements, () => keyring.members());
  answers.serve('consent.add-text', (request) => texts.add(request));
  answers.serve('consent.text', ({ agreement, textSha256 }) => texts.text(agreement, textSha256));
  answers.serve('consent.at', (request) => past.at(request));
  const records = new ConsentRecords(dataSource, agreements, recordedAgreements(profiles.values()), () => keyring.members());
  answers.serve('consent.record', (request) => records.write(request));
  answers.serve('consent.overview', async () => ({ ok: true, value: { ...(await consentOverviewOf(dataSource, agreements)), twoPersons, proposals: await proposals.waiting(), fetches: await fetcher.fetches() } }));
  const convergence = new ConvergenceBook(keyring);
  const sweep = new ConvergenceSweep({ dataSource, book: convergence, relay, log });
  const telemetry = new ServiceTelemetry({ service: 'consent-registry', dataSource, bus, consumers: OWN_CONSUMERS });
  const tracer = await openTracer({ service: 'consent-registry', endpoint: settings.MAILWARDEN_OTLP_ENDPOINT, ratio: settings.MAILWARDEN_TRACE_RATIO, onFailure: (cause) => log.warn({ err: cause }, 'traces are not taken by their receiver') });
  const strategy = new JetStreamStrategy({ bus, consumers: OWN_CONSUMERS, keyOf: (source) => keyring.keyOf(source), onConsumed: telemetry.onConsumed, around: aroundHandling(tracer), log });
  const app = await NestFactory.createMicroservice(ConsentRegistryModule.with({ dataSource, agreements, convergence, fetcher, relay }), { strategy, logger: new NestLogger(log), abortOnError: false });
  onReconnect(bus, {
    back: () => {
      publisher.lookBack();
      relay.lookBack();
    },
  });
  relay.start();
  publisher.start();
  sweep.start();
  await Promise.all([app.listen(), answers.ready()]);
  log.info({ telemetry: await telemetry.open(settings.MAILWARDEN_TELEMETRY_LISTEN, () => strategy.progress()) }, 'the consent registry is ready');
  return {
    close: async () => {
      await telemetry.close();
      await app.close();
      await sweep.stop();
      await publisher.stop();
      await relay.stop();
      await keyring.close();
      await bus.drain();
      await dataSource.destroy();
      await tracer.close();
    },
  };
}
