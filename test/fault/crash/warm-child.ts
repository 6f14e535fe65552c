import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Receipt } from '@mailwarden/contracts';
import type { CrashAnswer, CrashTask } from './crash-child.js';

const CHILD = fileURLToPath(new URL('crash-child.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../../scripts/from-source.mjs', import.meta.url));

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
   * Gives it an order, and calls `end` so long after it began, unless it was through before. Units: milliseconds.
   * Returns whether its end came, which may be while its account is on the way: both happened then.
   */
  async runUntil(task: CrashTask, afterMs: number, end: (kill: () => void) => void): Promise<boolean> {
    const { answer: told } = await this.#begin(task);
    let ended = false;
    const timer = setTimeout(() => {
      ended = true;
      end(() => void this.#child.kill('SIGKILL'));
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
