import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Receipt, RotationOrder } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { previewStore, refuseOrder, type Preview, type StepWatch } from '@mailwarden/rotation-fs';
import { eventually } from '@mailwarden/testing';
import { rotateLog, withRequest, type LogRotation } from './log-rotation.js';

const WRITER = fileURLToPath(new URL('log-writer.ts', import.meta.url));
const CHILD = fileURLToPath(new URL('log-rotation-child.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../scripts/from-source.mjs', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));
const STARTED_MS_MAX = 20_000;
const GENERATION_AT_S = 1_700_000_000;

export const LOGS = '/var/log/acme';
export const profileOf = (store: string): string => `schema: mailwarden/profile/v1
id: acme
product: { name: Acme, vendor: None, versions: "*" }
sources: { here: { title: This test, url: null, date: null, kind: general } }
accounts: { service: root, groups: [] }
services: []
stores:
  - { id: log, section: Log, directories: null, data-categories: null, duration: not-stated, protection: { accounts: null, source: null }, rotatable: true, quiet-period: 0 seconds, files: [ "${LOGS}/**" ], ${store} }
`;
export const BY_SIGNAL = 'kind: log, active: [ "/var/log/acme/acme.log" ], rotate-active: { by: reopen-signal, signal: HUP, process: { pid-file: /run/acme.pid }, source: here }';
export const BY_COPY = 'kind: log, active: [ "/var/log/acme/acme.log" ], rotate-active: { by: copy-truncate, loses: "Lines written between the copy and the cut", source: here }';

type Part = Partial<RotationOrder>;

/** A tree that stands for a host with a program that logs, and what rotates it. */
export class LogHost {
  readonly root: string;
  readonly logs: string;
  readonly #profile: string;
  #writer: ChildProcess | null = null;

  /** `parent` is where its tree lies, as on a disk of its own. */
  constructor(store: string, parent = tmpdir()) {
    this.root = mkdtempSync(join(parent, 'mailwarden-logs-'));
    this.logs = join(this.root, LOGS);
    this.#profile = profileOf(store);
    for (const folder of [this.logs, join(this.root, 'run'), join(this.root, 'etc')]) mkdirSync(folder, { recursive: true, mode: 0o755 });
  }

  get log(): string {
    return join(this.logs, 'acme.log');
  }

  /** Older generations, `acme.log.N` the oldest. */
  generations(count: number, bytes: number): void {
    for (let number = 1; number <= count; number += 1) {
      writeFileSync(join(this.logs, `acme.log.${number}`), Buffer.alloc(bytes, 'o\n'));
      utimesSync(join(this.logs, `acme.log.${number}`), GENERATION_AT_S - number, GENERATION_AT_S - number);
    }
  }

  /** Starts the program, and waits until so much stands in its log. */
  async startWriter(how: 'signal' | 'deaf' | 'placed', bytes: number): Promise<number> {
    this.#writer = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', WRITER, this.log, join(this.root, 'run/acme.pid'), join(this.root, 'last'), how], { stdio: ['ignore', 'ignore', 'inherit'] });
    await this.grown(bytes);
    return this.#writer.pid ?? 0;
  }

  grown(bytes: number): Promise<unknown> {
    return eventually(`${bytes} bytes of log`, STARTED_MS_MAX, () => Promise.resolve(existsSync(this.log) && existsSync(join(this.root, 'run/acme.pid')) && readFileSync(this.log).length >= bytes ? true : undefined));
  }

  /** Ends the program; returns how many lines it wrote. */
  async stopWriter(): Promise<number> {
    if (this.#writer?.exitCode === null) {
      const ended = once(this.#writer, 'exit');
      this.#writer.kill('SIGTERM');
      await ended;
    }
    this.#writer = null;
    return Number(readFileSync(join(this.root, 'last'), 'latin1'));
  }

  get names(): string[] {
    return readdirSync(this.logs).sort();
  }

  /** Numbers of all lines that lie in the store, in any file; what is no line of the program is left out. */
  get lines(): number[] {
    return this.names.flatMap((name) => [...readFileSync(join(this.logs, name), 'latin1').matchAll(/ acme\[1\]: line (\d+) x*\n/g)].map((match) => Number(match[1])));
  }

  order(part: Part): RotationOrder {
    const now = Date.now();
    return { schema: 'mailwarden/rotation-order/v1', id: randomUUID(), server: 'mx-1', profile: 'acme', store: 'log', policy: { name: 'cap', version: '0'.repeat(64) }, watermarks: [], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: { items: 1e9, bytes: 1e12, percent: 100, deadlineSeconds: 60 }, holds: [], issuedAt: instantOf(now), expiresAt: instantOf(now + 600_000), ...part } as RotationOrder;
  }

  #rotation(order: RotationOrder): LogRotation {
    return { root: this.root, profile: this.#profile, order };
  }

  preview(part: Part): Promise<Preview> {
    return withRequest(this.#rotation(this.order(part)), undefined, previewStore);
  }

  rotate(order: RotationOrder, watch?: StepWatch): Promise<Receipt> {
    return rotateLog(this.#rotation(order), watch);
  }

  /** As when the order does not stand any more. */
  refuse(order: RotationOrder, reason: string): Promise<Receipt> {
    return withRequest(this.#rotation(order), undefined, (request) => refuseOrder({ journalDir: request.journalDir, now: Date.now, request }, order, reason));
  }

  /** Carries an order out in a process of its own that is killed at a step. Null where it was. */
  async rotateKilled(order: RotationOrder, step: string): Promise<Receipt | null> {
    const file = join(this.root, 'order.json');
    writeFileSync(file, JSON.stringify(this.#rotation(order)));
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', LOADER, CHILD, file, step], { cwd: HERE, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return signal === 'SIGKILL' ? null : (JSON.parse(output) as Receipt);
  }

  async remove(): Promise<void> {
    if (this.#writer !== null) await this.stopWriter();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  }
}
