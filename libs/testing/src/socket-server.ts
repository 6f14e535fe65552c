import { spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import { eventually } from './eventually.js';

const START_MS_MAX = 30_000;

/** A server process that is reached by a socket. */
export interface SocketServer {
  readonly pid: number;
  /** Ends it at once, as a crash would, and waits until it is gone. */
  kill(): Promise<void>;
}

const listens = (path: string): Promise<true | undefined> =>
  new Promise((resolve) => {
    const socket = createConnection({ path }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(undefined));
  });

/** Starts a server and waits until it takes connections. Errors: throws when it does not, or ends before. */
export async function startOnSocket(command: { readonly program: string; readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> }, socket: string): Promise<SocketServer> {
  const child = spawn(command.program, command.args, { cwd: '/', env: command.env, stdio: process.env['MAILWARDEN_TEST_LOG'] === undefined ? 'ignore' : 'inherit' });
  let status: string | null = null;
  const ended = new Promise<void>((resolve) => {
    child.once('error', (cause) => {
      status = cause.message;
      resolve();
    });
    child.once('exit', (code, signal) => {
      status = `it ended with ${code ?? signal}`;
      resolve();
    });
  });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  try {
    await eventually(`${command.program} listens`, START_MS_MAX, async () => (status === null ? listens(socket) : status));
    if (status !== null) throw new Error(`${command.program} does not start: ${String(status)}`);
  } catch (cause) {
    await kill();
    throw cause;
  }
  return { pid: child.pid ?? 0, kill };
}
