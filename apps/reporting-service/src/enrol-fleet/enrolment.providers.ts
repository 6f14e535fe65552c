import { readFile } from 'node:fs/promises';
import type { AgentIssuer } from '@mailwarden/identity';
import type { Provider } from '@nestjs/common';
import { LedgerBook } from '../append-evidence/ledger-book.js';
import { ApiProblem } from '../http/api-problem.js';
import { FindingBook } from '../keep-findings/finding-book.js';
import { SequenceBook } from '../keep-sequences/sequence-book.js';
import { LiveUpdates } from '../live-updates/live-updates.js';
import type { ReportingParts } from '../reporting-parts.js';
import { EventOutbox } from '../say-event/event-outbox.js';
import { OperatorActions } from '../sign-in/operator-actions.js';
import { EnrolmentDesk } from './enrolment-desk.js';
import { EnrolmentDoor } from './enrolment-door.js';
import { EnrolmentDoors } from './enrolment-doors.js';
import { FleetEnrolment } from './fleet-enrolment.js';
import { FleetRegister } from './fleet-register.js';
import { Removals } from './removals.js';
import { RenewalDoor } from './renewal-door.js';
import { RetirementClock } from './retirement-clock.js';
import { TokenBook, type Installation } from './token-book.js';

const NOT_SET_UP = 'This control plane was not given what credentials are made with: MAILWARDEN_ISSUER and MAILWARDEN_HASH_KEY.';

/** Stands where no issuer was given: whoever wants a token is told. */
const noIssuer: Pick<AgentIssuer, 'enrolment'> = { enrolment: () => Promise.reject(new ApiProblem(503, 'Not available', NOT_SET_UP)) };

/** How the parts of enrolment are put together. */
export function enrolmentProviders(parts: ReportingParts): Provider[] {
  const { dataSource, signer, settings, bus, keyring, log, trust, profiles, issuer } = parts;
  const installation = async (): Promise<Installation> => ({ urls: settings.MAILWARDEN_BUS_URLS ?? [settings.MAILWARDEN_NATS_URL], ca: await readFile(settings.MAILWARDEN_NATS_CA, 'utf8'), trust });
  return [
    { provide: FleetRegister, inject: [LedgerBook], useFactory: (ledger: LedgerBook) => new FleetRegister(dataSource, ledger, signer) },
    { provide: FleetEnrolment, inject: [FleetRegister, LiveUpdates], useFactory: (register: FleetRegister, live: LiveUpdates) => new FleetEnrolment(settings.MAILWARDEN_FLEET_FILE, register, bus, live, log) },
    { provide: OperatorActions, inject: [LedgerBook], useFactory: (ledger: LedgerBook) => new OperatorActions(ledger, signer) },
    { provide: TokenBook, inject: [OperatorActions], useFactory: (actions: OperatorActions) => new TokenBook(dataSource, actions, issuer ?? noIssuer, installation) },
    { provide: Removals, inject: [FleetRegister, FindingBook, EventOutbox, OperatorActions], useFactory: (register: FleetRegister, findings: FindingBook, events: EventOutbox, actions: OperatorActions) => new Removals({ dataSource, register, findings, events, actions }) },
    {
      provide: EnrolmentDesk,
      inject: [TokenBook, FleetRegister, Removals, EventOutbox, SequenceBook],
      useFactory: (tokens: TokenBook, register: FleetRegister, removals: Removals, events: EventOutbox, sequences: SequenceBook) => new EnrolmentDesk({ dataSource, tokens, register, removals, events, sequences, knowsProfile: (id) => profiles.has(id as never) }),
    },
    {
      provide: EnrolmentDoors,
      inject: [EnrolmentDesk, FleetEnrolment, FleetRegister],
      useFactory: (desk: EnrolmentDesk, fleet: FleetEnrolment, register: FleetRegister) => {
        const hashKeyFile = settings.MAILWARDEN_HASH_KEY;
        if (issuer === null || hashKeyFile === undefined) return new EnrolmentDoors(null);
        const shared = { bus, signer, issuer, fleet, installation, credentialDays: settings.MAILWARDEN_CREDENTIAL_DAYS, log };
        return new EnrolmentDoors({ enrolment: new EnrolmentDoor({ ...shared, desk, hashKey: () => readFile(hashKeyFile) }), renewal: new RenewalDoor({ ...shared, dataSource, register, keyOf: (source) => keyring.keyOf(source) }) });
      },
    },
    { provide: RetirementClock, inject: [Removals, FleetEnrolment, LiveUpdates], useFactory: (removals: Removals, fleet: FleetEnrolment, live: LiveUpdates) => new RetirementClock(settings.MAILWARDEN_RETIRE_AWAY ?? null, { removals, fleet, live, log }) },
  ];
}
