import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentSource, MESSAGE_TYPES, sealEnvelope, subjects, type AnyEventData, type Envelope, type Observation } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { instantOf, uuidOf, type Signer } from '@mailwarden/kernel';
import { connectAgentBus, connectBus, ensureTopology, publishDurable, type AgentBus } from '@mailwarden/messaging';
import { startNats, startPostgres } from '@mailwarden/testing';
import { startReporting, type RunningReporting } from '../apps/reporting-service/dist/boot.js';
import { reportValues } from './compare.ts';

const SERVER = 'mx-1';
const PER_SECOND = 20;
const WARM_UP = 40;
const MEASURED = 600;
const EVENT_MS_MAX = 10_000;
const BYTES = { below: 4_000_000, above: 4_000_000_000 } as const;

const percentile = (values: readonly number[], share: number): number => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

/** A whole observation, of which one store is over its limit at every other time: a finding opens or closes with each. */
function observationAt(sample: Observation, index: number): Observation {
  const startedAt = instantOf(Date.now());
  const bytes = { known: true as const, value: index % 2 === 0 ? BYTES.above : BYTES.below };
  return { ...sample, server: SERVER as Observation['server'], startedAt, stores: sample.stores.map((store) => (store.id === 'backup' ? { ...store, bytesApparent: bytes, bytesAllocated: bytes } : store)) };
}

async function say(bus: AgentBus, signer: Signer, data: Observation, sequence: number): Promise<void> {
  const subject = subjects.observation(SERVER);
  const id = uuidOf('bench', String(sequence));
  await bus.publishDurable(subject, id, Buffer.from(JSON.stringify(sealEnvelope(signer, { id, source: agentSource(SERVER), type: MESSAGE_TYPES.observation, time: data.startedAt, subject, sequence, data }))));
}

/** From what an agent says to the event of it at a subscriber: through the broker's disk, the signature checks, the assessment, the database, the outbox and the broker's disk again. */
export async function benchEvent(dir: string): Promise<void> {
  const [nats, postgres] = await Promise.all([startNats({ servers: [SERVER] }), startPostgres()]);
  const { identity, url } = nats;
  const { services, certificates, trust } = identity;
  const files = identity.servers.get(SERVER);
  if (files === undefined) throw new Error(`${SERVER} has no identity`);
  const at = (name: string): string => join(dir, name);
  writeFileSync(at('fleet.json'), JSON.stringify({ servers: [{ server: SERVER, labels: {}, profiles: ['kaspersky-klms-8'], agentKey: files.publicKey, executorKey: files.executorPublicKey }] }));
  let reporting: RunningReporting | null = null;
  const control = await connectBus({ url, credsFile: services.reporting.creds, caFile: certificates.ca, name: 'bench' });
  const subscriber = await connectBus({ url, credsFile: identity.siemCreds, caFile: certificates.ca, name: 'bench-subscriber' });
  const agent = await connectAgentBus({ url, credsFile: files.creds, caFile: certificates.ca, server: SERVER });
  try {
    await ensureTopology(control);
    reporting = await startReporting({
      MAILWARDEN_NATS_URL: url, MAILWARDEN_NATS_CREDS: services.reporting.creds, MAILWARDEN_NATS_CA: certificates.ca, MAILWARDEN_SIGNING_KEY: services.reporting.signingKey, MAILWARDEN_TRUST: trust,
      MAILWARDEN_DATABASE_URL: postgres.url, MAILWARDEN_DATABASE_PASSWORD_FILE: postgres.passwordFile, MAILWARDEN_LOG_LEVEL: 'silent', MAILWARDEN_HTTP_HOST: '127.0.0.1', MAILWARDEN_HTTP_PORT: 0, MAILWARDEN_FLEET_FILE: at('fleet.json'),
      MAILWARDEN_SIGN_IN_LINK_FILE: at('link'), MAILWARDEN_CLI_TOKEN_FILE: at('token'), MAILWARDEN_CREDENTIAL_DAYS: 30, MAILWARDEN_GAP_GRACE_SECONDS: 60, MAILWARDEN_TELEMETRY_LISTEN: 'off', MAILWARDEN_TRACE_RATIO: 0, MAILWARDEN_WITNESS_TSA_MINUTES: 60,
    });
    const signer = await loadSigner(files.signingKey);
    const sample = (JSON.parse(readFileSync(join(import.meta.dirname, '../test/contract/golden/observation.v1.json'), 'utf8')) as Envelope<Observation>).data;
    let heard: (atMs: number) => void = () => undefined;
    subscriber.subscribe('mw.event.finding.>', {
      callback: (_problem, message) => {
        const { data } = message.json<Envelope<AnyEventData>>();
        if (data.detail['code'] === 'over-limit' && data.detail['store'] === 'backup') heard(performance.now());
      },
    });
    await subscriber.flush();
    const [events, acknowledged]: [number[], number[]] = [[], []];
    for (let index = 0; index < WARM_UP + MEASURED; index += 1) {
      const startedAt = performance.now();
      const told = new Promise<number>((resolve, reject) => {
        heard = resolve;
        setTimeout(() => reject(new Error(`no event within ${EVENT_MS_MAX} ms of observation ${index}`)), EVENT_MS_MAX).unref();
      });
      await say(agent, signer, observationAt(sample, index), index + 1);
      const tookMs = (await told) - startedAt;
      if (index >= WARM_UP) events.push(tookMs);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 1_000 / PER_SECOND - (performance.now() - startedAt))));
    }
    for (let index = 0; index < MEASURED; index += 1) {
      const startedAt = performance.now();
      await publishDurable(control, { subject: subjects.dead('bench'), id: `bench-${index}`, bytes: Buffer.from('{}') });
      acknowledged.push(performance.now() - startedAt);
    }
    const value = (name: string, ms: number): { name: string; value: number; unit: string } => ({ name, value: ms / 1_000, unit: 's' });
    reportValues('event', 'from an observation that an agent publishes to the event of its finding at a subscriber', 'event p99 under 250 ms', [
      value('an event at the subscriber, median', percentile(events, 0.5)),
      value('  of which 99 % within', percentile(events, 0.99)),
      value("the broker's acknowledgement of one message on its disk, median", percentile(acknowledged, 0.5)),
      value('  of which 99 % within', percentile(acknowledged, 0.99)),
    ]);
  } finally {
    await agent.close();
    await subscriber.close();
    await reporting?.close();
    await control.close();
    await Promise.all([nats.stop(), postgres.stop()]);
  }
}
