import { FleetKeyring, ServiceQuestions } from '@mailwarden/messaging';
import { ServiceTelemetry } from '@mailwarden/telemetry';
import { Module, type DynamicModule, type InjectionToken, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { CheckpointClock } from './append-evidence/checkpoint-clock.js';
import { EvidenceTrim } from './append-evidence/evidence-trim.js';
import { EvidenceConsumer } from './append-evidence/evidence.consumer.js';
import { LedgerAlarm } from './append-evidence/ledger-alarm.js';
import { LedgerBook } from './append-evidence/ledger-book.js';
import { EventHeads, WitnessedHead } from './append-evidence/witnessed-head.js';
import { RotationDecisionsController } from './decide-rotations/rotation-decisions.controller.js';
import { OpenApiController } from './describe-api/open-api.controller.js';
import { EnrolmentController } from './enrol-fleet/enrolment.controller.js';
import { enrolmentProviders } from './enrol-fleet/enrolment.providers.js';
import { FleetRegister } from './enrol-fleet/fleet-register.js';
import { EvidencePackController } from './export-evidence/evidence-pack.controller.js';
import { EvidencePacks } from './export-evidence/evidence-packs.js';
import { EvidencePeriodController } from './export-evidence/evidence-period.controller.js';
import { LedgerRange } from './export-evidence/ledger-range.js';
import { PeriodPacks } from './export-evidence/period-packs.js';
import { AttestationProjection } from './follow-consent/attestation-projection.js';
import { ConsentEntries } from './follow-consent/consent-entries.js';
import { ConvergenceWatch } from './follow-consent/convergence-watch.js';
import { PolicyBundles } from './follow-policy/policy-bundles.js';
import { TrendBook } from './follow-trends/trend-book.js';
import { ProblemFilter } from './http/problem.filter.js';
import { FindingBook } from './keep-findings/finding-book.js';
import { DeadLetterBook } from './keep-dead-letters/dead-letter-book.js';
import { DeadLetterDesk } from './keep-dead-letters/dead-letter-desk.js';
import { DeadLetterViews } from './keep-dead-letters/dead-letter-views.js';
import { DeadLetterConsumer } from './keep-dead-letters/dead-letter.consumer.js';
import { DeadLettersController } from './keep-dead-letters/dead-letters.controller.js';
import { ReplaySender } from './keep-dead-letters/replay-sender.js';
import { MissingMessagesController } from './keep-sequences/missing-messages.controller.js';
import { SequenceBook } from './keep-sequences/sequence-book.js';
import { SequenceWatch } from './keep-sequences/sequence-watch.js';
import { LiveUpdates } from './live-updates/live-updates.js';
import { StreamController } from './live-updates/stream.controller.js';
import { EventConsumer } from './project-event/event.consumer.js';
import { EventsController } from './project-event/events.controller.js';
import { Judgement } from './project-observation/judgement.js';
import { ObservationProjection } from './project-observation/observation-projection.js';
import { ObservationConsumer } from './project-observation/observation.consumer.js';
import { OrderConsumer } from './project-rotation/order.consumer.js';
import { RotationProjection } from './project-rotation/rotation-projection.js';
import { StoppedRotations } from './project-rotation/stopped-rotations.js';
import type { ReportingParts } from './reporting-parts.js';
import { EventOutbox } from './say-event/event-outbox.js';
import { ConsoleController } from './serve-console/console.controller.js';
import { ConsoleFiles } from './serve-console/console-files.js';
import { ConsentController } from './show-consent/consent.controller.js';
import { FleetTransmissions } from './show-consent/fleet-transmissions.js';
import { ConsentRecordController } from './show-consent/consent-record.controller.js';
import { FindingViews } from './show-findings/finding-views.js';
import { FindingsController } from './show-findings/findings.controller.js';
import { FleetController } from './show-fleet/fleet.controller.js';
import { ServerRows } from './show-fleet/server-rows.js';
import { Statements } from './show-fleet/statements.js';
import { PlansController } from './show-plans/plans.controller.js';
import { PoliciesController } from './show-policies/policies.controller.js';
import { RotationViews } from './show-rotations/rotation-views.js';
import { RotationsController } from './show-rotations/rotations.controller.js';
import { AccessGuard } from './sign-in/access.guard.js';
import { LocalToken } from './sign-in/local-token.js';
import { OneTimeLink } from './sign-in/one-time-link.js';
import { OperatorBook } from './sign-in/operator-book.js';
import { OperatorsController } from './sign-in/operators.controller.js';
import { OperatorActions } from './sign-in/operator-actions.js';
import { SessionBook } from './sign-in/session-book.js';
import { SessionController } from './sign-in/session.controller.js';
import { HealthController } from './tell-health/health.controller.js';
import { CloneWatch } from './watch-heartbeats/clone-watch.js';
import { HeartbeatWatch } from './watch-heartbeats/heartbeat-watch.js';
import { Liveness } from './watch-heartbeats/liveness.js';
import { configuredWitnesses } from './witness-checkpoints/configured-witnesses.js';
import { WitnessDesk } from './witness-checkpoints/witness-desk.js';
import { WitnessFile } from './witness-checkpoints/witness-file.js';
import { BUS, TRUST } from './tokens.js';

const CONSUMERS = [ObservationConsumer, OrderConsumer, EvidenceConsumer, EventConsumer, DeadLetterConsumer];
/** The console comes last: it answers every address that nobody else does. */
const PAGES = [SessionController, OperatorsController, EnrolmentController, FleetController, FindingsController, RotationDecisionsController, RotationsController, ConsentController, ConsentRecordController, EvidencePackController, EvidencePeriodController, PoliciesController, PlansController, EventsController, DeadLettersController, MissingMessagesController, StreamController, OpenApiController, HealthController, ConsoleController];

/** The only place where the use cases are put together. */
@Module({})
export class ReportingModule {
  static with(parts: ReportingParts): DynamicModule {
    return { module: ReportingModule, controllers: [...CONSUMERS, ...PAGES], providers: [...opened(parts), ...writers(parts), ...enrolmentProviders(parts), ...readers(parts), ...doors(parts)] };
  }
}

const value = (provide: InjectionToken, useValue: unknown): Provider => ({ provide, useValue });

const opened = (parts: ReportingParts): Provider[] => [
  value(DataSource, parts.dataSource),
  value(BUS, parts.bus),
  value(TRUST, parts.trust),
  value(ServiceTelemetry, parts.telemetry),
  value(FleetKeyring, parts.keyring),
  value(ServiceQuestions, new ServiceQuestions(parts)),
  value(ConsoleFiles, parts.consoleFiles),
  value(LiveUpdates, new LiveUpdates()),
  value(EventOutbox, new EventOutbox(parts.relay)),
  value(ConsentEntries, new ConsentEntries(parts.trust.consent)),
  value(PolicyBundles, new PolicyBundles(parts.trust.rotation)),
];

function writers({ dataSource, signer, profiles, settings, bus, keyring, tracer, log }: ReportingParts): Provider[] {
  return [
    value(WitnessedHead, new WitnessedHead([new EventHeads(bus), ...(settings.MAILWARDEN_WITNESS_FILE === undefined ? [] : [new WitnessFile(settings.MAILWARDEN_WITNESS_FILE)])], signer.publicKey)),
    { provide: LedgerBook, inject: [EventOutbox, WitnessedHead], useFactory: (events: EventOutbox, witnessed: WitnessedHead) => new LedgerBook(dataSource, signer, events, witnessed, tracer) },
    { provide: LedgerAlarm, inject: [FindingBook, EventOutbox, LiveUpdates], useFactory: (findings: FindingBook, events: EventOutbox, live: LiveUpdates) => new LedgerAlarm({ dataSource, findings, events, live }) },
    { provide: FindingBook, inject: [EventOutbox], useFactory: (events: EventOutbox) => new FindingBook(events) },
    { provide: Judgement, inject: [PolicyBundles, ConsentEntries], useFactory: (bundles: PolicyBundles, consent: ConsentEntries) => new Judgement(profiles, bundles, consent) },
    TrendBook,
    SequenceBook,
    {
      provide: SequenceWatch,
      inject: [FindingBook, OperatorActions, EventOutbox, LiveUpdates],
      useFactory: (findings: FindingBook, actions: OperatorActions, events: EventOutbox, live: LiveUpdates) => new SequenceWatch({ dataSource, findings, actions, events, live, log, graceMs: settings.MAILWARDEN_GAP_GRACE_SECONDS * 1_000 }),
    },
    { provide: ObservationProjection, inject: [Judgement, FindingBook, TrendBook], useFactory: (judgement: Judgement, findings: FindingBook, trends: TrendBook) => new ObservationProjection(judgement, findings, trends) },
    RotationProjection,
    { provide: StoppedRotations, inject: [FindingBook], useFactory: (findings: FindingBook) => new StoppedRotations(findings) },
    AttestationProjection,
    { provide: DeadLetterBook, inject: [FindingBook, EventOutbox], useFactory: (findings: FindingBook, events: EventOutbox) => new DeadLetterBook(dataSource, findings, events) },
    { provide: ReplaySender, inject: [DeadLetterBook], useFactory: (book: DeadLetterBook) => new ReplaySender({ dataSource, bus, book, log }) },
    {
      provide: DeadLetterDesk,
      inject: [DeadLetterBook, ReplaySender, OperatorActions, EventOutbox],
      useFactory: (book: DeadLetterBook, sender: ReplaySender, actions: OperatorActions, events: EventOutbox) => new DeadLetterDesk({ dataSource, book, sender, actions, events }),
    },
    { provide: Liveness, inject: [FindingBook, EventOutbox], useFactory: (findings: FindingBook, events: EventOutbox) => new Liveness(dataSource, findings, events) },
    {
      provide: HeartbeatWatch,
      inject: [Liveness, FindingBook, LiveUpdates],
      useFactory: (liveness: Liveness, findings: FindingBook, live: LiveUpdates) => new HeartbeatWatch(bus, (source) => keyring.keyOf(source), liveness, new CloneWatch(dataSource, findings), live, log),
    },
    {
      provide: ConvergenceWatch,
      inject: [ConsentEntries, FindingBook, EventOutbox, LiveUpdates],
      useFactory: (entries: ConsentEntries, findings: FindingBook, events: EventOutbox, live: LiveUpdates) => new ConvergenceWatch({ dataSource, entries, findings, events, live, log }),
    },
    { provide: WitnessDesk, inject: [LedgerBook, FindingBook, EventOutbox], useFactory: (ledger: LedgerBook, findings: FindingBook, events: EventOutbox) => new WitnessDesk({ dataSource, ledger, findings, events, log }, configuredWitnesses(settings)) },
    { provide: EvidenceTrim, useFactory: () => new EvidenceTrim(bus, log) },
    {
      provide: CheckpointClock,
      inject: [LedgerBook, LedgerAlarm, LiveUpdates],
      useFactory: (ledger: LedgerBook, alarm: LedgerAlarm, live: LiveUpdates) => new CheckpointClock(ledger, alarm, () => live.tell('rotations'), log),
    },
  ];
}

function readers({ dataSource, profiles, signer, trust }: ReportingParts): Provider[] {
  return [
    { provide: ServerRows, inject: [ConsentEntries], useFactory: (consent: ConsentEntries) => new ServerRows(dataSource, consent) },
    { provide: Statements, inject: [Judgement, TrendBook], useFactory: (judgement: Judgement, trends: TrendBook) => new Statements(dataSource, judgement, trends) },
    value(FindingViews, new FindingViews(dataSource)),
    value(DeadLetterViews, new DeadLetterViews(dataSource)),
    {
      provide: EvidencePacks,
      inject: [LedgerBook, FleetRegister, ServiceQuestions],
      useFactory: (ledger: LedgerBook, register: FleetRegister, questions: ServiceQuestions) => new EvidencePacks({ dataSource, ledger, register, questions, signer, anchors: trust }),
    },
    { provide: PeriodPacks, inject: [LedgerBook], useFactory: (ledger: LedgerBook) => new PeriodPacks({ ledger, range: new LedgerRange(dataSource), signer, anchors: trust }) },
    value(FleetTransmissions, new FleetTransmissions(dataSource, profiles)),
    { provide: RotationViews, inject: [LedgerBook], useFactory: (ledger: LedgerBook) => new RotationViews(dataSource, ledger) },
  ];
}

function doors({ dataSource, signer, settings, log }: ReportingParts): Provider[] {
  return [
    value(OneTimeLink, new OneTimeLink(settings.MAILWARDEN_SIGN_IN_LINK_FILE)),
    value(LocalToken, new LocalToken(settings.MAILWARDEN_CLI_TOKEN_FILE)),
    { provide: OperatorBook, inject: [SessionBook], useFactory: (sessions: SessionBook) => new OperatorBook(dataSource, sessions) },
    { provide: SessionBook, inject: [LedgerBook, EventOutbox], useFactory: (ledger: LedgerBook, events: EventOutbox) => new SessionBook(dataSource, ledger, events, signer) },
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_FILTER, useValue: new ProblemFilter(log) },
  ];
}
