import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SIGNING_CONTEXTS, type BundleRule, type Hold, type PolicyBundle, type Receipt, type RotationOrder, type SignedReceipt, type UnfinishedTasks } from '@mailwarden/contracts';
import { generateSigningKey } from '@mailwarden/identity';
import { instantOf, sha256, signDocument, signerFromPem, verifySignature, type SignedDocument } from '@mailwarden/kernel';
import type { StepWatch } from '@mailwarden/rotation-fs';
import { answerTask } from '../../apps/rotation-executor/src/answer-task.js';
import { carryOutTask } from '../../apps/rotation-executor/src/carry-out-task.js';
import { loadExecutorSettings } from '../../apps/rotation-executor/src/executor-settings.js';

export const FILE_BYTES = 4096;
const AN_HOUR_MS = 3_600_000;
const FIRST_AT_S = 1_600_000_000;
const PROFILE = 'kaspersky-klms-8';
const EXECUTOR = fileURLToPath(new URL('../../apps/rotation-executor/src/main.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../scripts/from-source.mjs', import.meta.url));

type StepWatchStep = Parameters<StepWatch>[0];

/** What came of one run of the executor. */
export interface Ran {
  readonly receipt: Receipt | null;
  readonly complaint: string;
}

/** A tree that stands for one mail server, a worker that signs for it, and the executor by its own program. */
export class TaskHost {
  readonly dir = mkdtempSync(join(tmpdir(), 'mailwarden-task-'));
  readonly root = join(this.dir, 'root');
  readonly store = join(this.root, 'var/opt/kaspersky/klms/reports');
  readonly stateDir = join(this.dir, 'journal/state');
  readonly settings = join(this.dir, 'executor.json');
  readonly #worker = generateSigningKey();
  readonly #stranger = generateSigningKey();
  readonly #executor = generateSigningKey();

  constructor() {
    mkdirSync(this.store, { recursive: true });
    const write = (name: string, text: string): string => {
      writeFileSync(join(this.dir, name), text, { mode: 0o600 });
      return join(this.dir, name);
    };
    const [trust, signingKey, hashKeyFile] = [write('trust.json', JSON.stringify({ schema: 'mailwarden/trust/v1', rotation: this.#worker.publicKey, consent: this.#worker.publicKey, reporting: this.#worker.publicKey })), write('key.pem', this.#executor.pem), write('hash-key', 'key')];
    write('executor.json', JSON.stringify({ server: 'mx-1', root: this.root, trust, signingKey, profileDirs: [], journalDir: join(this.dir, 'journal'), hashKeyFile, network: 'none' }));
  }

  /** Puts the journals elsewhere, as an operator's settings may. */
  journalAt(dir: string): void {
    const settings = JSON.parse(readFileSync(this.settings, 'utf8')) as Record<string, unknown>;
    writeFileSync(this.settings, JSON.stringify({ ...settings, journalDir: dir }), { mode: 0o600 });
  }

  fill(count: number, from = 0): void {
    for (let index = from; index < from + count; index += 1) {
      const path = join(this.store, `report-${String(index).padStart(4, '0')}`);
      writeFileSync(path, Buffer.alloc(FILE_BYTES));
      utimesSync(path, FIRST_AT_S + index, FIRST_AT_S + index);
    }
  }

  get files(): string[] {
    return readdirSync(this.store).sort();
  }

  /** From `limit` files down to `target` files. */
  order(part: Partial<RotationOrder> & { limit?: number; target?: number } = {}): RotationOrder {
    const { limit = 10, target = 5, ...rest } = part;
    const now = Date.now();
    return { schema: 'mailwarden/rotation-order/v1', id: randomUUID(), server: 'mx-1', profile: PROFILE, store: 'reports', policy: { name: 'cap', version: sha256('cap') }, watermarks: [{ kind: 'bytes', limit: limit * FILE_BYTES, target: target * FILE_BYTES }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: { items: 1_000_000, bytes: 1e12, percent: 100, deadlineSeconds: 60 }, holds: [], issuedAt: instantOf(now), expiresAt: instantOf(now + AN_HOUR_MS), ...rest } as RotationOrder;
  }

  rule(part: Partial<BundleRule> = {}): BundleRule {
    const { profile, store, watermarks, clock, keep, bounds } = this.order();
    return { policy: 'cap', policyVersion: sha256('cap'), profile, store, mode: 'enforce', watermarks, clock, keep, bounds, offline: true, written: {}, ...part };
  }

  bundle(version: number, part: Partial<PolicyBundle> = {}): PolicyBundle {
    const now = Date.now();
    return { schema: 'mailwarden/policy-bundle/v1', server: 'mx-1', version, labels: {}, rules: [], holds: [], transmission: { failClosed: false }, scanIntervalSeconds: 60, issuedAt: instantOf(now), expiresAt: instantOf(now + AN_HOUR_MS), ...part } as PolicyBundle;
  }

  hold(part: Partial<Hold> = {}): Hold {
    return { id: 'case-1', profile: null, store: null, from: null, until: null, reason: 'A court asked', ...part } as Hold;
  }

  sign<T>(payload: T, context: 'order' | 'bundle' = 'order', by: 'worker' | 'stranger' = 'worker'): SignedDocument<T> {
    return signDocument(signerFromPem((by === 'worker' ? this.#worker : this.#stranger).pem), SIGNING_CONTEXTS[context], payload);
  }

  task(order: RotationOrder | null, bundle: PolicyBundle | null, rule: { id: string; policy: string; profile: string; store: string } | null = null): string {
    return JSON.stringify({ schema: 'mailwarden/executor-task/v1', order: order === null ? null : this.sign(order), bundle: bundle === null ? null : this.sign(bundle, 'bundle'), rule });
  }

  ruleTask(bundle: PolicyBundle | null, id: string = randomUUID()): string {
    return this.task(null, bundle, { id, policy: 'cap', profile: PROFILE, store: 'reports' });
  }

  /** Carries out a task in this process, as the executor's program does after it has given up its rights. */
  async run(task: string): Promise<Ran> {
    try {
      return { receipt: this.#opened(await carryOutTask(task, await loadExecutorSettings(this.settings))), complaint: '' };
    } catch (cause) {
      return { receipt: null, complaint: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  /** Carries out a task until it comes to a step, and breaks off there, as by a crash. */
  async breakOff(task: string, at: StepWatchStep): Promise<void> {
    const watch = (step: StepWatchStep): void => {
      if (step === at) throw new Error('broken off');
    };
    await carryOutTask(task, await loadExecutorSettings(this.settings), { watch }).catch(() => undefined);
  }

  /** Asks what was begun, or for the account of one of it. */
  async ask(unfinished: string, bundle: PolicyBundle | null = null): Promise<Receipt | UnfinishedTasks | string> {
    const task = JSON.stringify({ schema: 'mailwarden/executor-task/v1', order: null, bundle: bundle === null ? null : this.sign(bundle, 'bundle'), rule: null, unfinished });
    try {
      const answer = await answerTask(task, await loadExecutorSettings(this.settings));
      return 'payload' in answer ? this.#opened(answer) : answer;
    } catch (cause) {
      return cause instanceof Error ? cause.message : String(cause);
    }
  }

  /** Starts the executor's program as an agent does. `speak` says its task to it, and may do what else it likes to the process. */
  async runAlone(speak: (child: ChildProcessWithoutNullStreams) => unknown): Promise<Ran> {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', LOADER, EXECUTOR], { cwd: '/', env: { MAILWARDEN_EXECUTOR_SETTINGS: this.settings, NODE_OPTIONS: '' }, stdio: ['pipe', 'pipe', 'pipe'] });
    let [output, complaint] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    child.stdin.on('error', () => undefined);
    const closed = new Promise((resolve) => child.once('close', resolve));
    await speak(child);
    await closed;
    return { receipt: output === '' ? null : this.#opened(JSON.parse(output) as SignedReceipt), complaint };
  }

  #opened(receipt: SignedReceipt): Receipt {
    if (!verifySignature(this.#executor.publicKey, SIGNING_CONTEXTS.receipt, receipt.payload, receipt.signature)) throw new Error('the receipt is not signed by the executor');
    return receipt.payload;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
