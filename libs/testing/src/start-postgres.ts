import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awaitServer, ensureCluster, serverCommand, SUPERUSER } from '@mailwarden/local-postgres';
import { freePort } from './free-port.js';

const PASSWORD_BYTES = 18;
/** As root the server runs as another account, which has to get into the folder. */
const MAY_ENTER = 0o711;

/** A real PostgreSQL, on the loopback, for one suite. */
export interface RunningPostgres {
  /** Address of the database `postgres`, without the password. */
  readonly url: string;
  readonly passwordFile: string;
  readonly superuser: string;
  readonly port: number;
  /** Ends the server and each of its processes as a crash would, before it returns; it resolves when the server is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

const childrenOf = (pid: number | undefined): number[] => readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter((child) => child !== '').map(Number);

function endAtOnce(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause;
  }
}

export async function startPostgres(): Promise<RunningPostgres> {
  const dir = await mkdtemp(join(tmpdir(), 'mailwarden-postgres-'));
  await chmod(dir, MAY_ENTER);
  const place = { dir: join(dir, 'cluster'), passwordFile: join(dir, 'password'), port: await freePort() };
  await writeFile(place.passwordFile, randomBytes(PASSWORD_BYTES).toString('base64url'), { mode: 0o600 });
  await ensureCluster(place);
  const [program = '', ...args] = await serverCommand(place);
  let server: ChildProcess;
  let end: (signal: NodeJS.Signals) => Promise<void> = () => Promise.resolve();
  const start = async (): Promise<void> => {
    server = spawn(program, args, { cwd: '/', env: {}, stdio: process.env['MAILWARDEN_TEST_LOG'] === undefined ? 'ignore' : 'inherit' });
    let running = true;
    const ended = new Promise<void>((resolve) =>
      server.once('exit', () => {
        running = false;
        resolve();
      }),
    );
    end = async (signal) => {
      server.kill(signal);
      await ended;
    };
    await awaitServer(place, () => running);
  };
  await start();
  return {
    url: `postgres://${SUPERUSER}@127.0.0.1:${place.port}/postgres`,
    passwordFile: place.passwordFile,
    superuser: SUPERUSER,
    port: place.port,
    start,
    kill: () => {
      const children = childrenOf(server.pid);
      const ended = end('SIGKILL');
      for (const pid of children) endAtOnce(pid); // One that is left alone ends its work before it sees that its parent is gone.
      return ended;
    },
    stop: async () => {
      await end('SIGINT');
      await rm(dir, { recursive: true, force: true });
    },
  };
}
