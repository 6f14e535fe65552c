import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chown, copyFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { awaitServer, connectAsSuperuser, serverCommand, SUPERUSER, type ClusterPlace } from '@mailwarden/local-postgres';
import { freePort } from './free-port.js';
import { copied, folderForServer, newPassword, postgresTemplate } from './postgres-template.js';

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

/** Starts the server of a cluster that is there. `dir` holds all that is its own, and goes with it. */
async function serverOf(place: ClusterPlace, dir: string): Promise<RunningPostgres> {
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

async function freshPlace(passwordFile: string | null): Promise<{ place: ClusterPlace; dir: string }> {
  const dir = await folderForServer();
  return { dir, place: { dir: join(dir, 'cluster'), passwordFile: passwordFile ?? join(dir, 'password'), port: await freePort() } };
}

/** A password of its own, instead of the template's. */
async function takePassword({ port, passwordFile }: ClusterPlace): Promise<void> {
  const session = await connectAsSuperuser({ port, passwordFile });
  try {
    const password = newPassword();
    await session.query(`ALTER ROLE ${session.escapeIdentifier(SUPERUSER)} PASSWORD ${session.escapeLiteral(password)}`);
    await writeFile(passwordFile, password, { mode: 0o600 });
  } finally {
    await session.end();
  }
}

export async function startPostgres(): Promise<RunningPostgres> {
  const { dir, place } = await freshPlace(null);
  const template = await postgresTemplate();
  copied(template.cluster, place.dir);
  await copyFile(template.passwordFile, place.passwordFile);
  const running = await serverOf(place, dir);
  await takePassword(place);
  return running;
}

/**
 * A streaming replica of a server that runs, from a base backup by the low-level API: the programs that ship here have no `pg_basebackup`.
 * Source: PostgreSQL manual, Continuous Archiving, "Making a Base Backup Using the Low Level API".
 */
export async function startPostgresReplica(primary: RunningPostgres): Promise<RunningPostgres> {
  const { dir, place } = await freshPlace(primary.passwordFile);
  const session = await connectAsSuperuser(primary);
  try {
    await session.query("SELECT pg_backup_start('replica', true)");
    const { rows: [from] } = await session.query<{ data_directory: string }>('SHOW data_directory');
    copied(from?.data_directory ?? '', place.dir);
    const { rows: [label] } = await session.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    // What the primary wrote of its log meanwhile is streamed; its number of a process is another server's.
    for (const name of await readdir(join(place.dir, 'pg_wal'))) if (/^[0-9A-F]{24}/.test(name)) await rm(join(place.dir, 'pg_wal', name));
    await rm(join(place.dir, 'postmaster.pid'));
    const owner = await stat(place.dir);
    const password = (await readFile(primary.passwordFile, 'utf8')).trim();
    const files = { backup_label: label?.labelfile ?? '', 'standby.signal': '', 'postgresql.auto.conf': `primary_conninfo = 'host=127.0.0.1 port=${primary.port} user=${SUPERUSER} password=${password}'\nwal_receiver_status_interval = 1\n` };
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(place.dir, name), text, { mode: 0o600 });
      await chown(join(place.dir, name), owner.uid, owner.gid);
    }
  } finally {
    await session.end();
  }
  return serverOf(place, dir);
}
