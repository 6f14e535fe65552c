import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Fault, Order } from './fuse-server.js';

export type { Fault } from './fuse-server.js';
export { MODIFIED_S } from './fuse-wire.js';
export const EIO = 5;

const SERVER = fileURLToPath(new URL('fuse-server.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../../scripts/from-source.mjs', import.meta.url));

/**
 * A real file system of the kernel (FUSE) whose answers a test decides: files, and errors of single operations, also after a while, also none at all.
 * Needs root and /dev/fuse, and no package.
 */
export class FailingFileSystem {
  private constructor(
    private readonly at: string,
    private readonly server: ChildProcess,
  ) {}

  /** Null where this place lets nobody mount. */
  static async mount(order: Order): Promise<FailingFileSystem | null> {
    const server = fork(SERVER, [JSON.stringify(order)], { execArgv: ['--disable-warning=ExperimentalWarning', '--import', LOADER], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const said = await Promise.race([once(server, 'message').then(([message]) => message as string), once(server, 'exit').then(() => 'refused')]);
    if (said === 'mounted') return new FailingFileSystem(order.at, server);
    server.kill('SIGKILL');
    return null;
  }

  async setFaults(faults: readonly Fault[]): Promise<void> {
    const done = once(this.server, 'message');
    this.server.send(faults);
    await done;
  }

  /** Stops the process behind the file system, as one that hangs: it takes no request any more. */
  hang(): void {
    this.server.kill('SIGSTOP');
  }

  /** Ends the file system. Whoever waits for an answer of it gets an error now. */
  async end(): Promise<void> {
    const ended = this.server.exitCode === null && this.server.signalCode === null ? once(this.server, 'exit') : Promise.resolve();
    this.server.kill('SIGKILL');
    await ended;
    execFileSync('/usr/bin/umount', ['-l', this.at]);
  }
}
