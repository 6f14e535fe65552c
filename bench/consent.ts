import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { effectiveConsent, EntryIndex } from '@mailwarden/consent';
import { scopeKey, SIGNING_CONTEXTS, type Attestation, type ConsentEntry, type Envelope, type Membership, type RecordedDecision } from '@mailwarden/contracts';
import { loadTrust } from '@mailwarden/config';
import { loadSigner, type IdentityFiles } from '@mailwarden/identity';
import { instantOf, sha256, signDocument, uuidOf, type ServerName } from '@mailwarden/kernel';
import { connectBus, ensureTopology, putEntry, ServiceQuestions } from '@mailwarden/messaging';
import { startNats, startPostgres } from '@mailwarden/testing';
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import { startConsentRegistry } from '../apps/consent-registry/dist/consent-registry.module.js';
import { reportValues, type Value } from './compare.ts';
import { benchFanOut } from './fan-out.ts';
import { benchMailThroughput } from './mail-throughput.ts';

const AGENTS = 1_000;
const FLEET = 100_000;
const ROUNDS = 5;
const ENROLLED_AT_ONCE = 100;
const WAIT_MS_MAX = 120_000;
/** Each agent has four threads of its own for its files; a thousand in one process would wait for each other's disk in four. */
const FILE_THREADS = 128;
const AGREEMENTS = ['eula', 'privacy-policy', 'ksn-statement', 'supplementary-ksn-statement'];

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const percentile = (values: readonly number[], share: number): number => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

const memberOf = (server: string, identity: IdentityFiles): Membership =>
  ({ schema: 'mailwarden/membership/v1', server, labels: { role: 'mx' }, profiles: ['kaspersky-klms-8'], agentKey: identity.servers.get(server)?.publicKey ?? '', executorKey: identity.servers.get(server)?.executorPublicKey ?? '', status: 'active', since: instantOf(0) }) as unknown as Membership;

/** What each of a fleet may rely on, of decisions for the organisation, fifty groups and a server in a hundred. */
function benchEffective(): Value {
  const at = instantOf(Date.now());
  const decided = (scope: ConsentEntry['scope'], action: 'grant' | 'withdraw'): ConsentEntry => ({ schema: 'mailwarden/consent-entry/v1', scope, revision: 1, publishedAt: at, decisions: AGREEMENTS.map((agreement) => ({ decision: uuidOf('bench', `${scopeKey(scope)} ${agreement}`), agreement, textSha256: sha256(agreement), action, decidedAt: at, validUntil: null, region: null })) });
  const name = (index: number): ServerName => `mx-${index}` as ServerName;
  const entries = new EntryIndex([
    decided({ kind: 'organisation' }, 'grant'),
    ...Array.from({ length: 50 }, (_, index) => decided({ kind: 'group', label: 'site', value: `site-${index}` }, index % 7 === 0 ? 'withdraw' : 'grant')),
    ...Array.from({ length: FLEET / 100 }, (_, index) => decided({ kind: 'server', server: name(index * 100) }, 'grant')),
  ]);
  const agreements = AGREEMENTS.map((id) => ({ id, textSha256: { known: true as const, value: sha256(id) } }));
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedAt = performance.now();
    let granted = 0;
    for (let index = 0; index < FLEET; index += 1) granted += effectiveConsent({ entries, server: name(index), labels: { role: 'mx', site: `site-${index % 50}` }, agreements, at }).filter(({ state }) => state === 'granted').length;
    times.push((performance.now() - startedAt) / 1_000);
    if (granted === 0 || granted === FLEET * AGREEMENTS.length) throw new Error('every server was told the same');
  }
  return { name: `effective consent of ${FLEET} servers, ${AGREEMENTS.length} agreements each`, value: middle(times), unit: 's' };
}

async function startAgents(dir: string, url: string, identity: IdentityFiles, servers: readonly string[]): Promise<() => void> {
  const file = join(dir, 'agents.json');
  mkdirSync(join(dir, 'agents'));
  writeFileSync(file, JSON.stringify({ url, ca: identity.certificates.ca, trust: identity.trust, dir: join(dir, 'agents'), servers: servers.map((server) => ({ server, creds: identity.servers.get(server)?.creds, signingKey: identity.servers.get(server)?.signingKey })) }));
  const child = spawn(process.execPath, [join(import.meta.dirname, 'consent-agents.ts'), file], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, UV_THREADPOOL_SIZE: String(FILE_THREADS) } });
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the agents ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => (line === 'ready' ? resolve() : undefined));
  });
  return () => child.kill('SIGKILL');
}

/** From a decision in the database to the signed word of each of a thousand agents, as a subscriber hears it. */
async function benchWithdrawal(dir: string): Promise<Value[]> {
  const servers = Array.from({ length: AGENTS }, (_, index) => `mx-${index + 1}`);
  const [nats, postgres] = await Promise.all([startNats({ servers }), startPostgres()]);
  const { identity, url } = nats;
  const { services, trust } = identity;
  const bus = await connectBus({ url, credsFile: services.reporting.creds, caFile: identity.certificates.ca, name: 'bench' });
  let endAgents: () => void = () => undefined;
  let registry: { close(): Promise<void> } | null = null;
  try {
    await ensureTopology(bus);
    const reporting = await loadSigner(services.reporting.signingKey);
    for (let from = 0; from < AGENTS; from += ENROLLED_AT_ONCE) await Promise.all(servers.slice(from, from + ENROLLED_AT_ONCE).map((server) => putEntry(bus, 'fleet', server, signDocument(reporting, SIGNING_CONTEXTS.membership, memberOf(server, identity)))));
    registry = await startConsentRegistry({ MAILWARDEN_NATS_URL: url, MAILWARDEN_NATS_CREDS: services.consent.creds, MAILWARDEN_NATS_CA: identity.certificates.ca, MAILWARDEN_SIGNING_KEY: services.consent.signingKey, MAILWARDEN_TRUST: trust, MAILWARDEN_DATABASE_URL: postgres.url, MAILWARDEN_DATABASE_PASSWORD_FILE: postgres.passwordFile, MAILWARDEN_LOG_LEVEL: 'silent', MAILWARDEN_CONSENT_TWO_PERSONS: 'none', MAILWARDEN_TRACE_RATIO: 0, MAILWARDEN_TELEMETRY_LISTEN: 'off' });
    const questions = new ServiceQuestions({ bus, signer: reporting, trust: await loadTrust(trust) });
    endAgents = await startAgents(dir, url, identity, servers);
    const heard = new Map<string, number>();
    let wanted = 0;
    let all: () => void = () => undefined;
    const source = await jetstream(bus).consumers.get('EVIDENCE', { filter_subjects: ['mw.attestation.*'], deliver_policy: DeliverPolicy.New });
    const messages = await source.consume({ callback: (message) => {
      const { data } = message.json<Envelope<Attestation>>();
      if ((data.revisions['organisation'] ?? 0) < wanted || heard.has(data.server)) return;
      heard.set(data.server, Date.now());
      if (heard.size === AGENTS) all();
    } });
    const [latencies, lasts]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      heard.clear();
      wanted = round + 1;
      const everybody = new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${AGENTS - heard.size} agents attested nothing`)), WAIT_MS_MAX);
        all = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      const answer = await questions.ask('consent.decide', { agreement: 'ksn-statement', textSha256: null, action: 'withdraw', scope: { kind: 'organisation' }, decidedBy: 'op', onBehalfOf: 'Example organisation', means: 'console', reason: 'bench', validUntil: null, region: null, decidedAt: null }, { timeoutMs: WAIT_MS_MAX });
      if (!answer.ok) throw new Error(answer.detail);
      await everybody;
      const committedMs = Date.parse((answer.value as RecordedDecision).recordedAt);
      const own = [...heard.values()].map((atMs) => atMs - committedMs);
      latencies.push(...own);
      lasts.push(Math.max(...own));
    }
    await messages.close();
    const entry = signDocument(await loadSigner(services.consent.signingKey), SIGNING_CONTEXTS.consent, { schema: 'mailwarden/consent-entry/v1', scope: { kind: 'group', label: 'role', value: 'bench' }, revision: 1, publishedAt: instantOf(Date.now()), decisions: [] });
    endAgents();
    const { plainMs, entriesMs } = await benchFanOut(url, identity, Buffer.from(JSON.stringify(entry)));
    return [
      { name: `withdrawal to the word of ${AGENTS} agents, median`, value: percentile(latencies, 0.5) / 1_000, unit: 's' },
      { name: '  of which 99 % within', value: percentile(latencies, 0.99) / 1_000, unit: 's' },
      { name: '  the last one', value: middle(lasts) / 1_000, unit: 's' },
      { name: 'a plain message to 10 000 subscribers', value: middle(plainMs) / 1_000, unit: 's', ratio: 1 },
      { name: 'a consent entry to as many', value: middle(entriesMs) / 1_000, unit: 's', ratio: middle(entriesMs) / middle(plainMs) },
    ];
  } finally {
    endAgents();
    await registry?.close();
    await bus.close();
    await Promise.all([nats.stop(), postgres.stop()]);
  }
}

async function benchMail(): Promise<Value[]> {
  const mail = await benchMailThroughput();
  if ('missing' in mail) {
    console.log(`mail throughput not measured: ${mail.missing}`);
    return [];
  }
  const [without, withTable] = [middle(mail.without), middle(mail.withTable)];
  return [
    { name: 'small mail sessions without a packet filter of ours', value: without, unit: '/s', ratio: 1 },
    { name: 'with one of ten thousand addresses', value: withTable, unit: '/s', ratio: withTable / without },
  ];
}

/** What a decision takes to be everywhere, and what its enforcement costs the mail. */
export async function benchConsent(dir: string): Promise<void> {
  const values = [benchEffective(), ...(await benchWithdrawal(dir)), ...(await benchMail())];
  reportValues('consent', 'decisions on their way to a fleet, all of it on this machine', `withdrawal attested by ${AGENTS} agents within 1 s (99 %); an entry at most 2x a plain message; effective consent under 1 s; mail at 1.0x`, values);
}
