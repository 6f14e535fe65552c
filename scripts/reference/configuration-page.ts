import { z } from 'zod';
import { AGENT_SETTINGS_VARIABLE, agentSettings, type AgentSettings } from '../../apps/collector-agent/src/agent-settings.js';
import { keeperSettings, type KeeperSettings } from '../../apps/egress-keeper/src/keeper-settings.js';
import { FORWARDER_SETTINGS_VARIABLE } from '../../apps/siem-forwarder/src/forwarder-settings.js';
import { KEEPER_SETTINGS_VARIABLE } from '../../apps/egress-keeper/src/settings-variable.js';
import { registrySettings, type RegistrySettings } from '../../apps/consent-registry/src/registry-settings.js';
import { reportingSettings, type ReportingSettings } from '../../apps/reporting-service/src/reporting-settings.js';
import { executorSettings, type ExecutorSettings } from '../../apps/rotation-executor/src/executor-settings.js';
import { EXECUTOR_SETTINGS_VARIABLE } from '../../apps/rotation-executor/src/settings-variable.js';
import { serviceSettings, type ServiceSettings } from '../../libs/config/src/service-settings.js';
import { workerSettings, type WorkerSettings } from '../../apps/rotation-worker/src/worker-settings.js';

type Meanings<T> = Readonly<Record<keyof T & string, string>>;

const EVERY_SERVICE: Meanings<ServiceSettings> = {
  MAILWARDEN_NATS_URL: 'Address of the bus, as `tls://127.0.0.1:4222`',
  MAILWARDEN_NATS_CREDS: "File with the service's credentials on the bus",
  MAILWARDEN_NATS_CA: 'File with the certificate authority that the bus is checked by',
  MAILWARDEN_SIGNING_KEY: 'File with the private key that the service signs with',
  MAILWARDEN_TRUST: 'File with the public keys of the services',
  MAILWARDEN_DATABASE_URL: 'Address of PostgreSQL without the password, as `postgresql://user@host:5432/name`',
  MAILWARDEN_DATABASE_PASSWORD_FILE: 'File with the password of the database role',
  MAILWARDEN_LOG_LEVEL: 'What is logged',
  MAILWARDEN_PROFILE_DIR: 'Folder with profile files beside those that ship; one of the same name wins',
  MAILWARDEN_OTLP_ENDPOINT: 'Receiver of traces by OTLP over HTTP, without its path, as `http://127.0.0.1:4318`; without it none are told. See [telemetry](../telemetry.md)',
  MAILWARDEN_TRACE_RATIO: 'Share of the traces that begin in this service which are told, from 0 to 1; a trace that began elsewhere is told when it is told there',
};
const REGISTRY: Meanings<Omit<RegistrySettings, keyof ServiceSettings>> = { MAILWARDEN_CONSENT_TWO_PERSONS: 'Which decisions on agreements take two persons: none, those that grant, or all', MAILWARDEN_TELEMETRY_LISTEN: 'Where metrics and health are told, to whoever can reach it: an address of this machine with a port, `unix:/path` of a socket, or `off`. See [telemetry](../telemetry.md)' };
const WORKER: Meanings<Omit<WorkerSettings, keyof ServiceSettings>> = { MAILWARDEN_POLICY_DIR: 'Folder of policy files; read again when they change', MAILWARDEN_ORDERS_AT_ONCE: 'Most orders that may be under way at once, over all servers', MAILWARDEN_TELEMETRY_LISTEN: 'Where metrics and health are told, to whoever can reach it: an address of this machine with a port, `unix:/path` of a socket, or `off`. See [telemetry](../telemetry.md)' };
const REPORTING: Meanings<Omit<ReportingSettings, keyof ServiceSettings>> = {
  MAILWARDEN_HTTP_HOST: 'Address that the console and the API listen on',
  MAILWARDEN_HTTP_PORT: 'Port that they listen on; 0 takes a free one',
  MAILWARDEN_HTTP_NAMES: 'Names, with commas between them, that the service is reached by beside its own address and `localhost`; a request for any other host is refused',
  MAILWARDEN_FLEET_FILE: 'File with the servers of the fleet, their labels, profiles and public keys',
  MAILWARDEN_SIGN_IN_LINK_FILE: 'File that holds the one-time sign-in link; whoever uses the link uses the file up',
  MAILWARDEN_CLI_TOKEN_FILE: 'File with the token of the local command line',
  MAILWARDEN_ISSUER: 'File with the keys that agents\' credentials are made with, written by the runtime; without it no server is enrolled by a token',
  MAILWARDEN_HASH_KEY: 'File with the key for hashing names, which each server is given when it is enrolled',
  MAILWARDEN_BUS_URLS: 'Addresses of the bus, with commas between them, as servers elsewhere reach it; without it, `MAILWARDEN_NATS_URL`',
  MAILWARDEN_CREDENTIAL_DAYS: 'How long a credential of an agent counts; it is renewed by itself when a third is left. Units: days',
  MAILWARDEN_RETIRE_AWAY: 'Servers that go by themselves, as `lifetime=short:7`: those with this label, after so many days away',
  MAILWARDEN_CONSOLE_DIR: 'Folder with the built console; without it the API answers alone',
  MAILWARDEN_GAP_GRACE_SECONDS: 'A message whose number was passed over counts as missing after this: what comes by two streams comes out of order. Unit: seconds, from 1 to 86400',
  MAILWARDEN_TELEMETRY_LISTEN: 'Where metrics and health are told, to whoever can reach it: an address of this machine with a port, `unix:/path` of a socket, or `off`. See [telemetry](../telemetry.md)',
  MAILWARDEN_WITNESS_FILE: 'File that each signed head of the ledger is added to, one a line; best where others keep a copy of it. See [witnesses](../evidence.md#witnesses)',
  MAILWARDEN_WITNESS_URL: 'Address that each signed head of the ledger is sent to, as JSON by POST',
  MAILWARDEN_WITNESS_TSA_URL: 'Address of a time-stamp authority (RFC 3161) that stamps the newest head',
  MAILWARDEN_WITNESS_TSA_FILE: 'File that its time stamps are added to, each beside the head that it is of; set together with the address',
  MAILWARDEN_WITNESS_TSA_MINUTES: 'How often a stamp is asked for, while the ledger grows. Unit: minutes, from 1 to 43200',
};
const AGENT: Meanings<AgentSettings> = {
  server: 'Name of the server',
  root: "Folder that stands for the host's `/`",
  profiles: 'Profiles that the server is measured by; `auto` for those of the products that are found on it when the agent starts. The fleet file lists them too',
  profileDir: 'Folder with profile files beside those that ship',
  natsUrl: 'Address of the bus, as `tls://bus.example:4222`',
  creds: "File with the agent's credentials on the bus",
  ca: 'File with the certificate authority that the bus is checked by',
  signingKey: 'File with the private key that the agent signs with',
  trust: 'File with the public keys of the services',
  spoolDir: 'The only folder that the agent writes: outbox, last bundle, last consent, memory of scans',
  spoolBytesMax: 'Most that the outbox may hold. Unit: bytes',
  hashKeyFile: 'Key that names of persons are hashed with before they leave the host',
  executor: 'How the executor is reached: `{ "socket": "/run/mailwarden/executor.sock" }` where systemd starts one for each task, else `{ "command": [...], "settings": "..." }`: the absolute command that is started for each task, and the settings file it gets',
  egressSocket: 'Socket of the packet filter\'s keeper; without it nothing is refused or remembered on this server. See [what leaves a server](../egress.md)',
  offlineAfterSeconds: 'After so long without the control plane, what policy permits without it is carried out by the bundle alone. Unit: seconds, from 1 to 604800',
  scanIntervalSeconds: 'Time between two scans while no bundle says otherwise. Unit: seconds, from 1 to 86400',
  scanCpuPercent: "Most of one core, and of the disk's time, that a scan may take while no bundle says otherwise; it rests longer while the server stalls on processor, disk or memory. Unit: percent, from 1 to 100",
  scanWindowSeconds: 'After so long a scan stops, says that it is not complete, and the next one goes on from there, while no bundle says otherwise; never less than the time between two scans. Unit: seconds, from 1 to 86400',
  scanWorkers: 'Threads that walk through the stores, 1 or 2; they share the budget',
  scanFullEveryHours: 'After so long everything is looked at again, whatever is remembered of earlier scans. Unit: hours, from 1 to 720',
  otlpEndpoint: 'Receiver of traces by OTLP over HTTP, without its path, as `http://127.0.0.1:4318`; without it none are told. See [telemetry](../telemetry.md)',
  traceRatio: 'Share of the traces that begin on this host which are told, from 0 to 1',
  watchFoldersMax: 'Folders of stores that are watched, at most, so that a store over its limit or a broken protection is known within seconds; 0 for none. Never more than a quarter of `fs.inotify.max_user_watches`. Folders beyond it are measured by the scans alone',
};
const EXECUTOR: Meanings<ExecutorSettings> = {
  server: 'Name of the server; an order for another is refused',
  root: "Folder that stands for the host's `/`",
  trust: 'File with the public keys of the services',
  signingKey: "File with the private key that receipts are signed with; the agent's is another",
  profileDirs: 'Folder with profile files beside those that ship; at most one',
  journalDir: 'Folder of the journal and of the receipts',
  hashKeyFile: 'Key that the exact lists are hashed with',
  network: "Whether it keeps the network; `none` where every product's database is reached by a socket's path",
};
const KEEPER: Meanings<KeeperSettings> = {
  server: 'Name of the server; a bundle for another is refused',
  root: "Folder that stands for the host's `/`: accounts, name servers and `hosts` are read below it",
  trust: 'File with the public keys of the services',
  profileDir: 'Folder with profile files beside those that ship',
  stateDir: 'Folder of the newest bundle and consent entries, so that the filter stands before the agent does',
  listen: 'Path of the socket that the agent speaks to; `systemd` where the unit hands it over',
  nft: 'Path of `nft`, where it lies elsewhere than distributions put it',
  lookEverySeconds: 'How often the filter is looked at; what somebody else did to it is mended then. Unit: seconds, from 1 to 8',
  resolveEverySeconds: 'How often names of endpoints are resolved again. Unit: seconds, from 1 to 3600',
};

const shown = (value: unknown): string => (Array.isArray(value) && value.length === 0 ? 'none' : `\`${String(value)}\``);

function neededOf(field: unknown): { needed: string; inner: unknown } {
  if (field instanceof z.ZodDefault) return { needed: `no: ${shown(field.def.defaultValue)}`, inner: field.unwrap() };
  return field instanceof z.ZodOptional ? { needed: 'no', inner: field.unwrap() } : { needed: 'yes', inner: field };
}

/** Members of a form with what lies below them. */
function fieldsOf(form: z.ZodObject, prefix = ''): { name: string; needed: string; values: string }[] {
  return Object.entries(form.shape as Readonly<Record<string, unknown>>).flatMap(([name, field]) => {
    const { needed, inner } = neededOf(field);
    if (inner instanceof z.ZodObject) return fieldsOf(inner, `${prefix}${name}.`);
    return [{ name: `${prefix}${name}`, needed, values: inner instanceof z.ZodEnum ? `: ${inner.options.map((option) => `\`${String(option)}\``).join(', ')}` : '' }];
  });
}

/** Errors: throws when a setting has no meaning, or a meaning has no setting. */
function table(form: z.ZodObject, meanings: Readonly<Record<string, string>>, leftOut: readonly string[] = []): string[] {
  const fields = fieldsOf(form).filter(({ name }) => !leftOut.includes(name));
  const strangers = Object.keys(meanings).filter((name) => !fields.some((field) => field.name === name));
  const silent = fields.filter(({ name }) => meanings[name] === undefined).map(({ name }) => name);
  if (strangers.length + silent.length > 0) throw new Error(`meanings and settings differ: ${[...strangers, ...silent].join(', ')}`);
  return ['| setting | needed | meaning |', '|---|---|---|', ...fields.map(({ name, needed, values }) => `| \`${name}\` | ${needed} | ${meanings[name] ?? ''}${values} |`), ''];
}

const EVERYWHERE = Object.keys(EVERY_SERVICE);

/** Every setting of every part, read from the very forms that the parts check theirs by. */
export const configurationPage = (): string =>
  [
    '<!-- Generated by scripts/generate-reference.ts from the settings of the apps. Change it there. -->',
    '# Configuration',
    '',
    'The local runtime (`mailwarden up`) writes all of this itself. The page is for those who run the parts by themselves. "Needed: no" is followed by what holds then, where there is such a value.',
    'A part that misses a setting, or cannot read one, does not start and says which. Secrets are never settings: a setting names the file that holds one.',
    '',
    '## Services of the control plane',
    '',
    'Told by the environment.',
    '',
    '### Every service',
    '',
    ...table(serviceSettings, EVERY_SERVICE),
    '### consent-registry, beside those',
    '',
    ...table(registrySettings, REGISTRY, EVERYWHERE),
    '### rotation-worker, beside those',
    '',
    ...table(workerSettings, WORKER, EVERYWHERE),
    '### reporting-service, beside those',
    '',
    ...table(reportingSettings, REPORTING, EVERYWHERE),
    'The consent-registry has no further settings.',
    '',
    '## collector-agent',
    '',
    `A JSON file, named by the environment variable \`${AGENT_SETTINGS_VARIABLE}\`. Only its owner may be able to write it. Paths are absolute. \`MAILWARDEN_LOG_LEVEL\` counts here as well.`,
    '',
    ...table(agentSettings, AGENT),
    '## rotation-executor',
    '',
    `A JSON file, named by the environment variable \`${EXECUTOR_SETTINGS_VARIABLE}\`; the agent hands on the one that its own \`executor.settings\` names. It must belong to root or to the account that the executor runs as, and only its owner may be able to write it. Paths are absolute. \`MAILWARDEN_CONFINED\` is its own: it starts itself anew without the rights that it does not need, and knows by it that it did.`,
    '',
    ...table(executorSettings, EXECUTOR),
    '## egress-keeper',
    '',
    `A JSON file, named by the environment variable \`${KEEPER_SETTINGS_VARIABLE}\`. It must belong to root or to the account that the keeper runs as, and only its owner may be able to write it. Paths are absolute. With \`--remove\` it takes its table away and ends.`,
    '',
    ...table(keeperSettings, KEEPER),
    '## siem-forwarder',
    '',
    `A JSON file, named by the environment variable \`${FORWARDER_SETTINGS_VARIABLE}\`. Its members: [to a SIEM that speaks no NATS](../siem.md#to-a-siem-that-speaks-no-nats).`,
    '',
    '## One host',
    '',
    'What only one host knows stands in `etc/mailwarden/host.yaml` below its root: where the databases of the watched product really are. The agent, the executor and `mailwarden scan` read it. It must belong to root or to the running account, and only its owner may be able to write it.',
    '',
    '```yaml',
    'schema: mailwarden/host/v1',
    'databases:',
    '  backup:                      # name of the database in the profile',
    '    host: 10.0.0.7             # or the folder of a socket; of MariaDB and Redis the socket itself',
    '    port: 5432                 # the engine\'s own where it is left out',
    '    name: backup               # as in the profile where it is left out; Redis has none',
    '    user: mailwarden           # as in the profile where it is left out',
    '    password-file: /etc/mailwarden/backup.password',
    '  events:',
    '    file: /srv/product/events.db   # of SQLite, from the root of the host',
    '```',
    '',
    '## Local runtime, suites and demo fleet',
    '',
    '| variable | meaning |',
    '|---|---|',
    '| `MAILWARDEN_LOG_LEVEL` | What the parts of a local runtime log; `info` where it is not set |',
    '| `MAILWARDEN_NATS_SERVER` | Path of the nats-server to start, before any other that is found |',
    '| `MAILWARDEN_DATABASES`, `MAILWARDEN_NO_DATABASES` | Folder in which the suites find MariaDB and Redis unpacked, or why there is none |',
    '| `NO_COLOR` | The command line prints without colours |',
    '| `MAILWARDEN_TEST_LOG` | The suites show what nats-server says |',
    '| `MAILWARDEN_DEMO_DIR`, `MAILWARDEN_DEMO_POLICY_DIR`, `MAILWARDEN_DEMO_DATABASE_URL`, `MAILWARDEN_DEMO_DATABASE_PASSWORD_FILE`, `MAILWARDEN_DEMO_LOG_LEVEL` | Told to the demo fleet by the runtime: its folder, the folder for its policies, PostgreSQL without and with its password, and what is logged |',
    '',
  ].join('\n');
