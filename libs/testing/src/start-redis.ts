import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseProgram } from './database-programs.js';
import { freePort } from './free-port.js';
import { startOnSocket } from './socket-server.js';

/** A real Redis on a socket and on the loopback, for one suite. It keeps nothing on disk. */
export interface RunningRedis {
  readonly socket: string;
  readonly port: number;
  readonly pid: number;
  /** Ends the server at once, as a crash would. */
  kill(): Promise<void>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

/** `folder` is that of the socket, which is `redis.sock`; one of its own where it is left out. */
export async function startRedis(options: { readonly folder?: string; readonly settings?: readonly string[] } = {}): Promise<RunningRedis> {
  const server = databaseProgram('bin/redis-server');
  if (server === null) throw new Error('no redis-server was found; bin/test integration fetches one');
  const dir = await mkdtemp(join(tmpdir(), 'mailwarden-redis-'));
  const socket = join(options.folder ?? dir, 'redis.sock');
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--unixsocket', socket, '--dir', dir, '--save', '', '--appendonly', 'no', '--daemonize', 'no', ...(options.settings ?? [])];
  const { pid, kill } = await startOnSocket({ program: server.program, args, env: server.env }, socket);
  return {
    socket,
    port,
    pid,
    kill,
    stop: async () => {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
