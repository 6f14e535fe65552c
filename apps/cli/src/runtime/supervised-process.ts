import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { lastLinesOf, openLog } from './log-files.js';
import { endProcess, identityOf, type ProcessIdentity } from './process-identity.js';
import type { SupervisedRecord } from './run-record.js';

/** A process that is kept running. */
export interface ProcessPlan {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stopSignal: 'SIGINT' | 'SIGTERM';
  /** `told`: it says so itself; else a check that resolves when it is ready, and gives up when `isAlive` says no. */
  readonly ready: 'told' | ((isAlive: () => boolean) => Promise<void>);
}

const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 5_000;
/** After so long a process counts as healthy again, and its next end as a first one. Units: milliseconds. */
const HEALTHY_MS = 30_000;
const STOP_MS_MAX = 10_000;
/** So many ends before it was ever ready, and the start is given up. */
const FIRST_TRIES_MAX = 3;

/** Starts one process, starts it again whenever it ends, and says how it is. */
export class SupervisedProcess {
  #child: ChildProcess | null = null;
  #identity: ProcessIdentity | null = null;
  #state: SupervisedRecord['state'] = 'starting';
  #since = new Date();
  #restarts = 0;
  #backoffMs = BACKOFF_MS_MIN;
  #failuresBeforeReady = 0;
  #stopping = false;
  #everReady = false;
  #timer: NodeJS.Timeout | null = null;
  #onFirst: { resolve: () => void; reject: (cause: Error) => void } | null = null;

  constructor(
    private readonly plan: ProcessPlan,
    private readonly logDir: string,
    private readonly onChange: () => void,
  ) {}

  get record(): SupervisedRecord {
    return { name: this.plan.name, state: this.#state, identity: this.#identity, restarts: this.#restarts, since: this.#since.toISOString(), stopSignal: this.plan.stopSignal };
  }

  /** Resolves when it is ready for the first time. Errors: rejects when it keeps ending before that, with its last words. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onFirst = { resolve, reject };
      this.#spawn();
    });
  }

  /** From now on its end is expected, and it is not started again. */
  expectEnd(): void {
    this.#stopping = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async stop(): Promise<void> {
    this.expectEnd();
    const identity = this.#identity;
    if (identity !== null) await endProcess(identity, this.plan.stopSignal, STOP_MS_MAX);
    this.#become('ended');
  }

  #become(state: SupervisedRecord['state']): void {
    this.#state = state;
    this.#since = new Date();
    this.onChange();
  }

  #spawn(): void {
    const [program = '', ...args] = this.plan.command;
    const log = openLog(this.logDir, this.plan.name);
    // A session of its own: Ctrl-C at the terminal reaches the runtime alone, which then ends everything in order.
    const child = spawn(program, args, { detached: true, env: this.plan.env, cwd: '/', stdio: ['ignore', log, log, ...(this.plan.ready === 'told' ? (['ipc'] as const) : [])] });
    closeSync(log);
    this.#child = child;
    this.#identity = child.pid === undefined ? null : identityOf(child.pid);
    this.#become(this.#everReady ? 'restarting' : 'starting');
    child.once('error', () => this.#ended(child));
    child.once('exit', () => this.#ended(child));
    if (this.plan.ready === 'told') child.once('message', () => this.#becameReady(child));
    else
      this.plan.ready(() => this.#child === child && child.exitCode === null && child.signalCode === null).then(
        () => this.#becameReady(child),
        () => child.kill('SIGKILL'),
      );
  }

  #becameReady(child: ChildProcess): void {
    if (this.#child !== child || this.#stopping) return;
    this.#everReady = true;
    this.#become('ready');
    this.#onFirst?.resolve();
    this.#onFirst = null;
  }

  #ended(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#identity = null;
    if (this.#stopping) return;
    if (!this.#everReady && (this.#failuresBeforeReady += 1) >= FIRST_TRIES_MAX) return this.#giveUp();
    if (this.#state === 'ready' && Date.now() - this.#since.getTime() > HEALTHY_MS) this.#backoffMs = BACKOFF_MS_MIN;
    this.#restarts += 1;
    this.#become('restarting');
    this.#timer = setTimeout(() => this.#spawn(), this.#backoffMs);
    this.#backoffMs = Math.min(BACKOFF_MS_MAX, this.#backoffMs * 2);
  }

  #giveUp(): void {
    this.#become('ended');
    this.#onFirst?.reject(new Error(`${this.plan.name} does not start`, { cause: new Error(lastLinesOf(this.logDir, this.plan.name)) }));
    this.#onFirst = null;
  }
}
