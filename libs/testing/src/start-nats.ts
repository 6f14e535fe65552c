import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { natsServerConfig, provisionIdentity, type IdentityFiles } from '@mailwarden/identity';
import { findNatsServer } from './find-nats-server.js';
import { freePort } from './free-port.js';

const START_TRIES_MAX = 100;
const TRY_EVERY_MS = 50;

/** A real broker with the product's own accounts, on the loopback, for one suite. */
export interface RunningNats {
  readonly url: string;
  readonly identity: IdentityFiles;
  /** Ends the broker at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A broker of which a suite can take the disk away. */
export interface ForgetfulNats extends RunningNats {
  /** Removes everything that it kept; to be called between `kill` and `start`. */
  forget(): Promise<void>;
}

async function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < START_TRIES_MAX; attempt += 1) {
    if (await listens(port)) return;
    await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
  }
  throw new Error('nats-server did not begin to listen');
}

export async function startNats(options: { servers: readonly string[]; subscribers?: readonly string[] }): Promise<ForgetfulNats> {
  const dir = await mkdtemp(join(tmpdir(), 'mailwarden-nats-'));
  const port = await freePort();
  const identity = await provisionIdentity({ dir: join(dir, 'identity'), servers: options.servers, hosts: ['127.0.0.1', 'localhost'], subscribers: options.subscribers ?? [] });
  const config = join(dir, 'nats.conf');
  const storeDir = join(dir, 'jetstream');
  await writeFile(config, natsServerConfig({ host: '127.0.0.1', port, storeDir, accountsDir: join(dir, 'accounts'), pidFile: join(dir, 'nats.pid'), certificates: identity.certificates, tokens: identity.tokens }));
  let end: (signal: NodeJS.Signals) => Promise<void> = () => Promise.resolve();
  const start = async (): Promise<void> => {
    const broker = spawn(findNatsServer(), ['-c', config], { stdio: process.env['MAILWARDEN_TEST_LOG'] === undefined ? 'ignore' : 'inherit' });
    const ended = new Promise<void>((resolve) => broker.once('exit', () => resolve()));
    end = async (signal) => {
      broker.kill(signal);
      await ended;
    };
    await untilListening(port);
  };
  await start();
  return {
    url: `tls://127.0.0.1:${port}`,
    identity,
    start,
    kill: () => end('SIGKILL'),
    forget: () => rm(storeDir, { recursive: true, force: true }),
    stop: async () => {
      await end('SIGKILL');
      await rm(dir, { recursive: true, force: true });
    },
  };
}
