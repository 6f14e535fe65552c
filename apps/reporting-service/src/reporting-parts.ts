import type { TrustAnchors } from '@mailwarden/contracts';
import type { AgentIssuer } from '@mailwarden/identity';
import type { Signer } from '@mailwarden/kernel';
import type { FleetKeyring } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import type { OutboxRelay } from '@mailwarden/persistence';
import type { ServiceTelemetry } from '@mailwarden/telemetry';
import type { Tracer } from '@mailwarden/tracing';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DataSource } from 'typeorm';
import type { Profiles } from './project-observation/judgement.js';
import type { ReportingSettings } from './reporting-settings.js';
import type { ConsoleFiles } from './serve-console/console-files.js';

/** What is opened once at boot and shared by every use case. */
export interface ReportingParts {
  readonly settings: ReportingSettings;
  readonly trust: TrustAnchors;
  readonly signer: Signer;
  readonly log: Logger;
  readonly dataSource: DataSource;
  readonly bus: NatsConnection;
  readonly relay: OutboxRelay;
  readonly keyring: FleetKeyring;
  readonly telemetry: ServiceTelemetry;
  readonly tracer: Tracer;
  readonly profiles: Profiles;
  readonly consoleFiles: ConsoleFiles;
  /** Makes credentials of agents; null where this service was not given what they are made with. */
  readonly issuer: AgentIssuer | null;
}
