import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SIGNING_CONTEXTS, type ConsentEntry, type EgressReport, type EgressTask, type PolicyBundle, type PublishedDecision, type TransmissionRule } from '@mailwarden/contracts';
import { generateSigningKey } from '@mailwarden/identity';
import { instantOf, signDocument, signerFromPem, uuidOf, type ProfileId, type ServerName } from '@mailwarden/kernel';
import { eventually } from '@mailwarden/testing';
import { callKeeper } from '../../apps/collector-agent/src/follow-egress/keeper-call.js';

const KEEPER = fileURLToPath(new URL('../../apps/egress-keeper/src/main.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../scripts/from-source.mjs', import.meta.url));
const NSENTER = '/usr/bin/nsenter';
const START_MS = 30_000;
const AN_HOUR_MS = 3_600_000;
export const PROFILE = 'kaspersky-klms-8' as ProfileId;
export const SERVER = 'mx-1' as ServerName;

/** A server whose packet filter is kept by the real keeper, inside a network of its own, and the services that sign for it. */
export class KeeperHost {
  readonly dir = mkdtempSync(join(tmpdir(), 'mailwarden-keeper-'));
  readonly root = join(this.dir, 'root');
  readonly socket = join(this.dir, 'keeper.sock');
  readonly #services = { rotation: generateSigningKey(), consent: generateSigningKey(), stranger: generateSigningKey() };
  #keeper: ChildProcess | null = null;
  said = '';

  /** `namespace` is the network that the keeper runs in, by its path. */
  constructor(
    private readonly namespace: string,
    accounts: Readonly<Record<string, number>>,
    files: Readonly<Record<string, string>> = {},
    trust?: string,
  ) {
    mkdirSync(join(this.root, 'etc'), { recursive: true });
    writeFileSync(join(this.root, 'etc/passwd'), Object.entries({ root: 0, ...accounts }).map(([name, uid]) => `${name}:x:${uid}:${uid}::/:/bin/false\n`).join(''));
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    const own = join(this.dir, 'trust.json');
    const { rotation, consent } = this.#services;
    if (trust === undefined) writeFileSync(own, JSON.stringify({ schema: 'mailwarden/trust/v1', rotation: rotation.publicKey, consent: consent.publicKey, reporting: consent.publicKey }), { mode: 0o600 });
    writeFileSync(join(this.dir, 'keeper.json'), JSON.stringify({ server: SERVER, root: this.root, trust: trust ?? own, stateDir: join(this.dir, 'state'), listen: this.socket, lookEverySeconds: 1, resolveEverySeconds: 1 }), { mode: 0o600 });
  }

  /** Writes a file of the host, by its path below the root. */
  write(name: string, text: string): void {
    writeFileSync(join(this.root, name), text);
  }

  #run(...args: readonly string[]): ChildProcess {
    return spawn(NSENTER, [`--net=${this.namespace}`, '--', process.execPath, '--disable-warning=ExperimentalWarning', '--import', LOADER, KEEPER, ...args], { env: { MAILWARDEN_EGRESS_SETTINGS: join(this.dir, 'keeper.json') }, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  }

  async start(): Promise<void> {
    this.said = '';
    const keeper = this.#run();
    keeper.stderr?.setEncoding('utf8').on('data', (text: string) => (this.said += text));
    this.#keeper = keeper;
    await eventually('the keeper is ready', START_MS, () => {
      if (keeper.exitCode !== null) throw new Error(`the keeper ended: ${this.said}`);
      return Promise.resolve(this.said.includes('ready') || undefined);
    });
  }

  get pid(): number {
    return this.#keeper?.pid ?? -1;
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const keeper = this.#keeper;
    this.#keeper = null;
    if (keeper === null || keeper.exitCode !== null || keeper.signalCode !== null) return;
    const ended = new Promise((resolve) => keeper.once('exit', resolve));
    keeper.kill(signal);
    await ended;
  }

  /** As the package does when it is taken off the host. */
  async uninstall(): Promise<number | null> {
    await this.end();
    return new Promise((resolve) => this.#run('--remove').once('exit', resolve));
  }

  /** Break-glass, as the host's administrator asks for it. */
  lift(forHow: string): Promise<number | null> {
    return new Promise((resolve) => this.#run('--lift', forHow, '--reason', 'the suite').once('exit', resolve));
  }

  async remove(): Promise<void> {
    await this.end();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** What the agent tells, and what the keeper answers. */
  async tell(part: Partial<EgressTask>): Promise<EgressReport> {
    const report = await callKeeper(this.socket, { schema: 'mailwarden/egress-task/v1', bundle: null, entries: [], agreements: {}, ...part });
    if (!report.ok) throw new Error(`${report.error}\n${this.said}`);
    return report.value;
  }

  bundle(version: number, rules: readonly TransmissionRule[] | undefined, part: { relays?: string[]; server?: string; signedBy?: 'rotation' | 'stranger'; expiresAt?: number } = {}): unknown {
    const now = Date.now();
    const payload = {
      schema: 'mailwarden/policy-bundle/v1', server: part.server ?? SERVER, version, labels: { role: 'mx' }, rules: [], holds: [], transmission: { failClosed: false, ...(rules === undefined ? {} : { rules, relays: part.relays ?? [] }) },
      scanIntervalSeconds: 60, issuedAt: instantOf(now - AN_HOUR_MS), expiresAt: instantOf(part.expiresAt ?? now + AN_HOUR_MS),
    } as unknown as PolicyBundle;
    return signDocument(signerFromPem(this.#services[part.signedBy ?? 'rotation'].pem), SIGNING_CONTEXTS.bundle, payload);
  }

  entry(revision: number, decisions: readonly Partial<PublishedDecision>[], part: { scope?: ConsentEntry['scope']; signedBy?: 'consent' | 'stranger' } = {}): unknown {
    const at = Date.now();
    const payload = {
      schema: 'mailwarden/consent-entry/v1', scope: part.scope ?? { kind: 'organisation' }, revision, publishedAt: instantOf(at),
      decisions: decisions.map((one, index) => ({ decision: uuidOf('test', `${revision} ${index}`), agreement: 'ksn-statement', textSha256: null, action: 'grant', decidedAt: instantOf(at - 1), validUntil: null, region: null, ...one })),
    } as ConsentEntry;
    return signDocument(signerFromPem(this.#services[part.signedBy ?? 'consent'].pem), SIGNING_CONTEXTS.consent, payload);
  }
}

export const rule = (flow: string, part: Partial<TransmissionRule> = {}): TransmissionRule => ({ policy: 'follow-consent', profile: PROFILE, flow, mode: 'enforce', failClosed: true, everything: false, endpoints: [], liftedUntil: null, ...part });
