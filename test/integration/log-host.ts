import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseProfile, type Profile } from '@mailwarden/catalogue';
import { fullOrder, type Receipt, type RotationOrder } from '@mailwarden/contracts';
import { withHost, type Host } from '@mailwarden/inventory-fs';
import { instantOf } from '@mailwarden/kernel';
import { previewStore, rotateStore, type ApplyRequest, type Preview, type StepWatch } from '@mailwarden/rotation-fs';
import { eventually } from '@mailwarden/testing';

const WRITER = fileURLToPath(new URL('log-writer.ts', import.meta.url));
const STARTED_MS_MAX = 20_000;
const GENERATION_AT_S = 1_700_000_000;
const SETTINGS = { databases: {}, kernel: 'this' } as const;

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

type Part = Partial<RotationOrder> & { readonly watch?: StepWatch };

/** A tree that stands for a host with a program that logs, and what rotates it. */
export class LogHost {
  readonly root = mkdtempSync(join(tmpdir(), 'mailwarden-logs-'));
  readonly logs = join(this.root, LOGS);
  readonly profile: Profile;
  #writer: ChildProcess | null = null;

  constructor(store: string) {
    const parsed = parseProfile(profileOf(store));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    this.profile = parsed.value;
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
    const { watch: _watch, ...order } = part;
    return { schema: 'mailwarden/rotation-order/v1', id: randomUUID(), server: 'mx-1', profile: 'acme', store: 'log', policy: { name: 'cap', version: '0'.repeat(64) }, watermarks: [], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: { items: 1e9, bytes: 1e12, percent: 100, deadlineSeconds: 60 }, holds: [], issuedAt: instantOf(now), expiresAt: instantOf(now + 600_000), ...order } as RotationOrder;
  }

  async #with<T>(order: RotationOrder, watch: StepWatch | undefined, use: (request: ApplyRequest) => Promise<T>): Promise<T> {
    const [store] = this.profile.stores;
    if (store === undefined) throw new Error('the profile has no store');
    return withHost(this.root, SETTINGS, (host: Host) => use({ ...fullOrder(order), host, profile: this.profile, store, marked: null, issuedAtMs: Date.parse(order.issuedAt), hashKey: Buffer.from('key'), now: Date.now, stop: null, journalDir: join(this.root, 'journal'), ...(watch === undefined ? {} : { watch }) }));
  }

  preview(part: Part): Promise<Preview> {
    return this.#with(this.order(part), undefined, previewStore);
  }

  rotate(order: RotationOrder, watch?: StepWatch): Promise<Receipt> {
    return this.#with(order, watch, (request) => rotateStore(request, order));
  }

  async remove(): Promise<void> {
    if (this.#writer !== null) await this.stopWriter();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  }
}
