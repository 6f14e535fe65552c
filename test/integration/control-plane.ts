import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SIGNING_CONTEXTS, type BucketName, type ConsumerName, CONSUMERS, type Membership, type StreamName } from '@mailwarden/contracts';
import { loadTrust } from '@mailwarden/config';
import { loadSigner, type ServiceName } from '@mailwarden/identity';
import { instantOf, signDocument } from '@mailwarden/kernel';
import { connectAsSuperuser } from '@mailwarden/local-postgres';
import { connectBus, ensureOrderConsumer, ensureTopology, putEntry, ServiceQuestions } from '@mailwarden/messaging';
import { eventually as patiently, startNats, startPostgres, type ForgetfulNats, type RunningPostgres } from '@mailwarden/testing';
import { DeliverPolicy, jetstream, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { startConsentRegistry } from '../../apps/consent-registry/src/consent-registry.module.js';
import { startReporting } from '../../apps/reporting-service/src/boot.js';
import { startRotationWorker } from '../../apps/rotation-worker/src/rotation-worker.module.js';
import { FleetSpeaker, PROFILE } from './fleet-speaker.js';

const WAIT_MS_MAX = 20_000;
const LEVEL = process.env['MAILWARDEN_TEST_LOG'] === undefined ? 'silent' : 'debug';

/** Waits for what a service does by itself; the probe says when it is there. */
export const eventually = <T>(what: string, probe: () => Promise<T | undefined>, timeoutMs = WAIT_MS_MAX): Promise<T> => patiently(what, timeoutMs, probe);

type Service = { close(): Promise<void> };

/** A real broker, a real database, and the services by their own start functions in this process. */
export class ControlPlane {
  readonly #services = new Map<ServiceName, Service>();
  readonly #speakers: FleetSpeaker[] = [];

  private constructor(
    readonly nats: ForgetfulNats,
    readonly postgres: RunningPostgres,
    readonly dir: string,
    readonly bus: NatsConnection,
    /** Asks as the reporting service does. */
    readonly questions: ServiceQuestions,
  ) {}

  static async start(servers: readonly string[]): Promise<ControlPlane> {
    const [nats, postgres, dir] = await Promise.all([startNats({ servers }), startPostgres(), mkdtemp(join(tmpdir(), 'mailwarden-control-'))]);
    const bus = await connectBus({ url: nats.url, credsFile: nats.identity.services.reporting.creds, caFile: nats.identity.certificates.ca, name: 'suite' });
    await ensureTopology(bus);
    const { services, trust } = nats.identity;
    const questions = new ServiceQuestions({ bus, signer: await loadSigner(services.reporting.signingKey), trust: await loadTrust(trust) });
    return new ControlPlane(nats, postgres, dir, bus, questions);
  }

  /** Starts a service, or starts it again after `end`. */
  async run(name: ServiceName, more: Readonly<Record<string, string>> = {}): Promise<Service> {
    const { creds, signingKey } = this.nats.identity.services[name];
    const settings = {
      MAILWARDEN_NATS_URL: this.nats.url, MAILWARDEN_NATS_CREDS: creds, MAILWARDEN_NATS_CA: this.nats.identity.certificates.ca, MAILWARDEN_SIGNING_KEY: signingKey, MAILWARDEN_TRUST: this.nats.identity.trust,
      MAILWARDEN_DATABASE_URL: this.postgres.url, MAILWARDEN_DATABASE_PASSWORD_FILE: this.postgres.passwordFile, MAILWARDEN_LOG_LEVEL: LEVEL, MAILWARDEN_POLICY_DIR: this.dir, MAILWARDEN_ORDERS_AT_ONCE: 50, MAILWARDEN_GAP_GRACE_SECONDS: 60, MAILWARDEN_TRACE_RATIO: 0, MAILWARDEN_TELEMETRY_LISTEN: 'off', MAILWARDEN_FLEET_FILE: this.fleetFile,
      MAILWARDEN_HTTP_HOST: '127.0.0.1', MAILWARDEN_HTTP_PORT: 0, MAILWARDEN_SIGN_IN_LINK_FILE: join(this.dir, 'link'), MAILWARDEN_CLI_TOKEN_FILE: join(this.dir, 'token'),
      MAILWARDEN_ISSUER: this.nats.identity.issuer, MAILWARDEN_HASH_KEY: this.nats.identity.hashKey, MAILWARDEN_CREDENTIAL_DAYS: 30,
    } as const;
    const start = { reporting: startReporting, rotation: startRotationWorker, consent: startConsentRegistry }[name] as (given: typeof settings) => Promise<Service>;
    const service = await start({ ...settings, ...more });
    this.#services.set(name, service);
    return service;
  }

  async end(name: ServiceName): Promise<void> {
    await this.#services.get(name)?.close();
    this.#services.delete(name);
  }

  get fleetFile(): string {
    return join(this.dir, 'fleet.json');
  }

  membershipOf(server: string, part: Partial<Membership> = {}): Membership {
    const files = this.nats.identity.servers.get(server);
    return { schema: 'mailwarden/membership/v1', server, labels: { role: 'mx' }, profiles: [PROFILE], agentKey: files?.publicKey ?? '', executorKey: files?.executorPublicKey ?? '', status: 'active', since: instantOf(0), ...part } as Membership;
  }

  /** Puts a server into the fleet bucket, as the reporting service would. */
  async enrol(server: string, part: Partial<Membership> = {}): Promise<void> {
    await ensureOrderConsumer(this.bus, server);
    await putEntry(this.bus, 'fleet', server, signDocument(await loadSigner(this.nats.identity.services.reporting.signingKey), SIGNING_CONTEXTS.membership, this.membershipOf(server, part)));
  }

  /** Writes the file that the reporting service enrols from. */
  async writeFleet(servers: readonly string[]): Promise<void> {
    const rows = servers.map((server) => this.membershipOf(server)).map(({ server, labels, profiles, agentKey, executorKey }) => ({ server, labels, profiles, agentKey, executorKey }));
    await writeFile(this.fleetFile, JSON.stringify({ servers: rows }), { mode: 0o600 });
  }

  async speaker(server: string): Promise<FleetSpeaker> {
    const speaker = await FleetSpeaker.connect(server, this.nats.url, this.nats.identity);
    this.#speakers.push(speaker);
    return speaker;
  }

  async sql<Row>(statement: string, parameters: unknown[] = []): Promise<Row[]> {
    const client = await connectAsSuperuser(this.postgres);
    try {
      return (await client.query<Row & object>(statement, parameters)).rows;
    } finally {
      await client.end();
    }
  }

  async entry(bucket: BucketName, key: string): Promise<unknown> {
    const found = await (await new Kvm(this.bus).open(bucket)).get(key);
    return found === null || found.operation !== 'PUT' ? undefined : found.json();
  }

  async streamInfo(name: StreamName): Promise<StreamInfo> {
    return (await jetstreamManager(this.bus)).streams.info(name);
  }

  /** Everything that a stream holds on a subject, oldest first. */
  async said<T>(stream: StreamName, filter: string): Promise<T[]> {
    const source = await jetstream(this.bus).consumers.get(stream, { filter_subjects: [filter], deliver_policy: DeliverPolicy.All });
    const waiting = (await source.info()).num_pending;
    const heard: T[] = [];
    if (waiting === 0) return heard;
    for await (const message of await source.fetch({ max_messages: waiting, expires: WAIT_MS_MAX })) heard.push(message.json<T>());
    return heard;
  }

  /** Resolves when these consumers have handled or put aside all that was said before. */
  async settled(...names: readonly ConsumerName[]): Promise<void> {
    const manager = await jetstreamManager(this.bus);
    for (const name of names) {
      await eventually(`${name} has nothing left`, async () => {
        const { num_pending: pending, num_ack_pending: unacknowledged } = await manager.consumers.info(CONSUMERS[name].stream, name);
        return pending + unacknowledged === 0 ? true : undefined;
      });
    }
  }

  async stop(): Promise<void> {
    for (const speaker of this.#speakers) await speaker.bus.close();
    for (const name of this.#services.keys()) await this.end(name);
    await this.bus.close();
    await Promise.all([this.nats.stop(), this.postgres.stop(), rm(this.dir, { recursive: true, force: true })]);
  }
}
