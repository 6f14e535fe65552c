import { join } from 'node:path';
import { CLOSED_NODE_OPTION } from '@mailwarden/config';
import type { IdentityFiles, ServiceName } from '@mailwarden/identity';
import { busUrl } from './bus.js';
import { databaseSettings } from './database.js';
import { COMPILE_CACHE, INSTALLATION, programOf, type Layout } from './layout.js';
import type { Ports } from './ports.js';
import type { ProcessPlan } from './supervised-process.js';

const APPS = { reporting: 'reporting-service', rotation: 'rotation-worker', consent: 'consent-registry' } as const satisfies Record<ServiceName, string>;

/** What every Node process of the runtime is told: nothing of the operator's own environment reaches it. */
export const nodeEnvironment = (): Record<string, string> => ({ NODE_ENV: 'production', NODE_COMPILE_CACHE: COMPILE_CACHE, MAILWARDEN_LOG_LEVEL: process.env['MAILWARDEN_LOG_LEVEL'] ?? 'info' });

function settingsOf(service: ServiceName, layout: Layout, identity: IdentityFiles, ports: Ports): Record<string, string> {
  if (service === 'rotation') return { MAILWARDEN_POLICY_DIR: layout.policies };
  const twoPersons = process.env['MAILWARDEN_CONSENT_TWO_PERSONS'];
  if (service === 'consent') return twoPersons === undefined ? {} : { MAILWARDEN_CONSENT_TWO_PERSONS: twoPersons };
  return {
    MAILWARDEN_HTTP_HOST: '127.0.0.1',
    MAILWARDEN_HTTP_PORT: String(ports.console),
    MAILWARDEN_FLEET_FILE: layout.fleetFile,
    MAILWARDEN_SIGN_IN_LINK_FILE: layout.signInLink,
    MAILWARDEN_CLI_TOKEN_FILE: layout.cliToken,
    MAILWARDEN_ISSUER: identity.issuer,
    MAILWARDEN_HASH_KEY: identity.hashKey,
    MAILWARDEN_CONSOLE_DIR: join(INSTALLATION, 'apps/console/dist'),
  };
}

/** One of the three services of the control plane as a process. */
export function serviceProcess(service: ServiceName, layout: Layout, identity: IdentityFiles, ports: Ports): ProcessPlan {
  const own = identity.services[service];
  return {
    name: APPS[service],
    command: [process.execPath, CLOSED_NODE_OPTION, programOf(APPS[service])],
    env: {
      ...nodeEnvironment(),
      MAILWARDEN_NATS_URL: busUrl(ports),
      MAILWARDEN_NATS_CREDS: own.creds,
      MAILWARDEN_NATS_CA: identity.certificates.ca,
      MAILWARDEN_SIGNING_KEY: own.signingKey,
      MAILWARDEN_TRUST: identity.trust,
      ...databaseSettings(layout, service, ports.database),
      MAILWARDEN_TELEMETRY_LISTEN: `127.0.0.1:${ports.telemetry[service]}`,
      ...settingsOf(service, layout, identity, ports),
    },
    stopSignal: 'SIGTERM',
    ready: 'told',
  };
}
