import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** One of those who work against the executor, in a process of its own. */
export class RaceProcess<T> {
  private constructor(private readonly child: ChildProcess) {}

  /** `uid` is the account that it runs as. */
  static async start<T>(program: string, args: readonly string[], uid: number): Promise<RaceProcess<T>> {
    const child = fork(fileURLToPath(new URL(program, import.meta.url)), args, { execArgv: ['--disable-warning=ExperimentalWarning'], env: {}, stdio: ['ignore', 'ignore', 'inherit', 'ipc'], uid, gid: uid });
    const started = new RaceProcess<T>(child);
    await started.#heard();
    return started;
  }

  async begin(): Promise<void> {
    const begun = this.#heard();
    this.child.send('on');
    await begun;
  }

  /** Ends the attack of this round; what it did. */
  async halt(): Promise<T> {
    const told = this.#heard();
    this.child.send('off');
    return (await told) as T;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }

  /** Errors: throws when the process ended. */
  async #heard(): Promise<unknown> {
    const waiting = new AbortController();
    const { signal } = waiting;
    const ended = once(this.child, 'exit', { signal }).then(() => Promise.reject(new Error('a process of the race ended by itself')));
    try {
      return ((await Promise.race([once(this.child, 'message', { signal }), ended])) as unknown[])[0];
    } finally {
      waiting.abort();
      ended.catch(() => undefined);
    }
  }
}
