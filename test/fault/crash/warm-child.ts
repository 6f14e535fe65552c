import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Receipt } from '@mailwarden/contracts';
import type { CrashAnswer, CrashTask } from './crash-child.js';

const CHILD = fileURLToPath(new URL('crash-child.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../../scripts/from-source.mjs', import.meta.url));

/** A thread that waits for a disk stops when it was answered. */
const FREEZE_MS_MAX = 10_000;
/** Stopped, or gone. Source: proc_pid_stat(5). */
const STOPPED: ReadonlySet<string> = new Set(['T', 't', 'Z', 'X']);

function isStopped(statFile: string): boolean {
  try {
    const stat = readFileSync(statFile, 'utf8');
    return STOPPED.has(stat.charAt(stat.lastIndexOf(')') + 2));
  } catch {
    return true; // The thread ended.
  }
}

/** A process that has read the engine and waits for an order, so that the moment of its end is a moment of the order. */
export class WarmChild {
  readonly #child: ChildProcess;
  readonly #ready: Promise<unknown>;
  readonly #ended: Promise<unknown>;

  constructor() {
    this.#child = fork(CHILD, [], { execArgv: ['--disable-warning=ExperimentalWarning', '--conditions=@mailwarden/source', '--import', LOADER], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#ended = once(this.#child, 'exit');
    this.#ready = this.#message();
  }

  /**
   * Gives it an order, and ends it so long after it began, unless it was through before. Units: milliseconds.
   * What happens `meanwhile` it does not live to see: a power cut ends process and disk at one moment, and no account tells of a disk that failed.
   * Returns whether its end came, which may be while its account is on the way: both happened then.
   */
  async runUntil(task: CrashTask, afterMs: number, meanwhile: () => void): Promise<boolean> {
    const { answer: told } = await this.#begin(task);
    let ended = false;
    const timer = setTimeout(() => {
      ended = true;
      this.#freeze();
      meanwhile();
      this.#child.kill('SIGKILL');
    }, afterMs);
    await told;
    clearTimeout(timer);
    await this.leave();
    return ended;
  }

  /** Carries out an order with few descriptors left. Returns null where no account could be given. */
  async withDescriptors(task: CrashTask, most: number): Promise<Receipt | null> {
    await this.#ready;
    execFileSync('/usr/bin/prlimit', ['--pid', String(this.#child.pid), `--nofile=${most}:${most}`]);
    const { answer: told } = await this.#begin(task);
    const answer = await told;
    await this.leave();
    return answer !== null && 'receipt' in answer ? answer.receipt : null;
  }

  /** Carries out an order that nobody ends. Errors: throws when no account of it can be given. */
  async finish(task: CrashTask): Promise<{ readonly receipt: Receipt; readonly tookMs: number }> {
    const { answer: told } = await this.#begin(task);
    const startedMs = performance.now();
    const answer = await told;
    const tookMs = performance.now() - startedMs;
    await this.leave();
    if (answer === null || 'failed' in answer) throw new Error(`the order could not be carried out undisturbed: ${answer?.failed ?? 'its process ended'}`);
    return { receipt: answer.receipt, tookMs };
  }

  /** Returns when none of its threads runs any more. Errors: throws when one still does after a while. */
  #freeze(): void {
    this.#child.kill('SIGSTOP');
    const tasks = `/proc/${this.#child.pid}/task`;
    const untilMs = performance.now() + FREEZE_MS_MAX;
    while (readdirSync(tasks).some((task) => !isStopped(`${tasks}/${task}/stat`))) if (performance.now() > untilMs) throw new Error('the executor did not stop');
  }

  /** Resolves when it is at work; `answer` is null when it ends without a word. */
  async #begin(task: CrashTask): Promise<{ readonly answer: Promise<CrashAnswer | null> }> {
    await this.#ready;
    const begun = this.#message();
    this.#child.send(task);
    await begun;
    return { answer: Promise.race([this.#message() as Promise<CrashAnswer>, this.#ended.then(() => null)]) };
  }

  async leave(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #message = async (): Promise<unknown> => ((await once(this.#child, 'message')) as unknown[])[0];
}
