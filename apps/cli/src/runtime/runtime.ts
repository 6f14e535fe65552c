import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { FIRST_SUBSCRIBER, keepOnce, provisionIdentity, SERVICES, subscriberUser, writePrivate, type IdentityFiles } from '@mailwarden/identity';
import { ApiClient } from '../api-client.js';
import { VERSION } from '../version.js';
import { AccountKeeper } from './account-keeper.js';
import { agentProcess, writeFleetFile } from './agent-processes.js';
import { busProcess, busUrl, prepareBus } from './bus.js';
import { CertificateClock } from './certificate-clock.js';
import { prepareCluster, prepareRoles } from './database.js';
import { recordDemoDecisions } from './demo-decisions.js';
import { demoProcess } from './demo-process.js';
import type { Layout } from './layout.js';
import { choosePorts, type Ports } from './ports.js';
import type { ProcessIdentity } from './process-identity.js';
import { removeRunRecord, writeRunRecord, type RunRecord } from './run-record.js';
import { serviceProcess } from './service-processes.js';
import { newSignInLink } from './sign-in-link.js';
import type { Steps } from './steps.js';
import { Supervisor } from './supervisor.js';
import { watchedServers, type WatchedServer } from './watched-servers.js';

const FOLDER_MODE = 0o700;
/** Names that the bus's certificate is for. */
const hostsOf = ({ busAddress }: RuntimeOptions): string[] => [...new Set(['127.0.0.1', 'localhost', busAddress])];
const TOKEN_BYTES = 32;

export interface RuntimeOptions {
  readonly layout: Layout;
  readonly port: number;
  /** Address that the bus listens on. */
  readonly busAddress: string;
  readonly demo: boolean;
  readonly supervisor: ProcessIdentity;
  readonly steps: Steps;
}

/** All processes of one local installation: broker, database, services, agents and, when asked for, the demo's mail servers. */
export class Runtime {
  #record: RunRecord;
  readonly #supervisor: Supervisor;
  readonly #certificates: CertificateClock;
  #accounts: AccountKeeper | null = null;

  private constructor(
    private readonly options: RuntimeOptions,
    private readonly ports: Ports,
    private readonly identity: IdentityFiles,
    private readonly servers: readonly WatchedServer[],
  ) {
    this.#record = {
      schema: 'mailwarden/runtime/v1',
      version: VERSION,
      supervisor: options.supervisor,
      demo: options.demo,
      ready: false,
      startedAt: new Date().toISOString(),
      url: this.url,
      bus: { url: busUrl(ports), ca: identity.certificates.ca, siemCreds: identity.siemCreds, siemName: subscriberUser(FIRST_SUBSCRIBER) },
      processes: [],
    };
    this.#certificates = new CertificateClock(options.layout, hostsOf(options), (line) => options.steps.say(line));
    this.#supervisor = new Supervisor(options.layout.logs, (processes) => this.#note({ processes: [...processes] }));
  }

  /** Chooses ports and makes keys, credentials and certificates that are missing; starts nothing yet. */
  static async prepare(options: RuntimeOptions): Promise<Runtime> {
    const { layout, steps } = options;
    for (const folder of [layout.logs, layout.secrets, layout.policies]) await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    if (options.demo) await mkdir(layout.demo, { recursive: true, mode: FOLDER_MODE });
    const ports = await choosePorts(layout, options.port, options.busAddress);
    const servers = watchedServers(layout, options.demo);
    const identity = await steps.step('keys, credentials and certificates', () => provisionIdentity({ dir: layout.identity, servers: servers.map(({ name }) => name), hosts: hostsOf(options) }));
    await keepOnce(layout.cliToken, () => randomBytes(TOKEN_BYTES).toString('base64url'));
    await writePrivate(layout.address, `${JSON.stringify({ url: `http://127.0.0.1:${ports.console}` })}\n`);
    return new Runtime(options, ports, identity, servers);
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.console}`;
  }

  /** Starts everything and returns the link that signs in once. Errors: those of the step that failed; the caller stops what was started. */
  async start(): Promise<string> {
    const { steps, layout, demo } = this.options;
    this.#note({});
    await Promise.all([this.#startDatabase(), this.#startBus()]);
    const demoReady = demo ? steps.step("the demo's mail servers", () => this.#supervisor.start(demoProcess(layout, this.ports.database))) : Promise.resolve();
    demoReady.catch(() => undefined); // Heard of below, after the services.
    await writeFleetFile(layout, this.identity, this.servers);
    const link = await newSignInLink(layout, this.url);
    await steps.step('services', () => Promise.all(SERVICES.map((service) => this.#supervisor.start(serviceProcess(service, layout, this.identity, this.ports)))));
    if (demo) await recordDemoDecisions(await ApiClient.forRuntime(layout.data));
    await demoReady;
    await steps.step(`agents of ${this.servers.length === 1 ? 'one server' : `${this.servers.length} servers`}`, () => this.#startAgents());
    this.#note({ ready: true });
    return link;
  }

  async stop(): Promise<void> {
    this.#certificates.stop();
    await this.#accounts?.stop();
    await this.#supervisor.stop();
    removeRunRecord(this.options.layout);
  }

  async #startDatabase(): Promise<void> {
    const { layout, steps } = this.options;
    await steps.step('PostgreSQL', async () => {
      await this.#supervisor.start(await prepareCluster(layout, this.ports.database));
      await prepareRoles(layout, this.ports.database);
    });
  }

  async #startBus(): Promise<void> {
    const { layout, steps } = this.options;
    await steps.step('nats-server with JetStream', async () => {
      await this.#supervisor.start(await busProcess(layout, this.identity, this.ports));
      await prepareBus(this.identity, this.ports);
      this.#accounts = await AccountKeeper.start(this.identity, busUrl(this.ports), (line) => steps.say(line));
      this.#certificates.start();
    });
  }

  async #startAgents(): Promise<void> {
    const plans = await Promise.all(this.servers.map((server) => agentProcess(this.options.layout, this.identity, server, this.ports)));
    await Promise.all(plans.map((plan) => this.#supervisor.start(plan)));
  }

  #note(change: Partial<RunRecord>): void {
    this.#record = { ...this.#record, ...change };
    writeRunRecord(this.options.layout, this.#record);
  }
}
