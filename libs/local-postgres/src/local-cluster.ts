import { spawnSync } from 'node:child_process';
import { chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { findPostgres } from './postgres-binaries.js';
import { unprivilegedFor } from './unprivileged.js';

export const SUPERUSER = 'mailwarden';
const READY_TRIES_MAX = 600;
const TRY_EVERY_MS = 50;
const CONNECT_MS_MAX = 2_000;
/** Connections for three services, the product databases of a demo fleet, and people who look. */
const CONNECTIONS_MAX = 200;

/** What every cluster is like, whoever's it is. */
const FORM = ['-U', SUPERUSER, '-A', 'scram-sha-256', '--no-locale', '-E', 'UTF8'] as const;

/** Place of one database cluster on this machine. */
export interface ClusterPlace {
  /** Folder of the cluster; its parent must exist. */
  readonly dir: string;
  /** File with the superuser's password alone. */
  readonly passwordFile: string;
  readonly port: number;
}

const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false);

/** What initdb says of its failure: it tells the reason first, and last only what it cleans up. */
export function reasonIn(stderr: string): string {
  const lines = stderr.trim().split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /error|fatal|could not|no space/i.test(line)) ?? lines.at(-1) ?? 'no reason given';
}

/** Tells clusters apart that `ensureCluster` makes with another program, or in another form. Shape: a text of any length. */
export async function clusterKind(): Promise<string> {
  const { initdb } = await findPostgres();
  const { size, mtimeMs } = await stat(initdb);
  return [initdb, size, mtimeMs, ...FORM].join(' ');
}

/** Makes the cluster when there is none. A start that was cut short leaves only a folder aside, which is made anew. */
export async function ensureCluster({ dir, passwordFile }: Pick<ClusterPlace, 'dir' | 'passwordFile'>): Promise<void> {
  if (await exists(join(dir, 'PG_VERSION'))) return;
  const { initdb } = await findPostgres();
  const unprivileged = unprivilegedFor(initdb, dirname(dir));
  const workshop = `${dir}.new`;
  await rm(workshop, { recursive: true, force: true });
  await mkdir(workshop, { mode: 0o700 });
  const secret = join(workshop, 'password');
  await writeFile(secret, await readFile(passwordFile), { mode: 0o600 });
  const made = join(workshop, 'cluster');
  if (unprivileged.owner !== null) for (const path of [workshop, secret]) await chown(path, unprivileged.owner.uid, unprivileged.owner.gid);
  const [program = '', ...args] = unprivileged.command(initdb, ['-D', made, `--pwfile=${secret}`, ...FORM]);
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', env: {}, cwd: '/' });
  if (status !== 0) throw new Error(`the database could not be made in ${dir}: ${error?.message ?? reasonIn(stderr)}`);
  await rename(made, dir);
  await rm(workshop, { recursive: true, force: true });
}

/** Command line of the server: on the loopback alone, every commit on disk before it counts. It ends when its parent does. */
export async function serverCommand({ dir, port }: Pick<ClusterPlace, 'dir' | 'port'>): Promise<string[]> {
  const { postgres } = await findPostgres();
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '', max_connections: CONNECTIONS_MAX, fsync: 'on', synchronous_commit: 'on', log_min_messages: 'warning', log_statement: 'none', log_min_error_statement: 'panic' };
  return unprivilegedFor(postgres, dirname(dir)).command(postgres, ['-D', dir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])], 'INT');
}

/** Connects as the superuser to one database. Errors: throws when it cannot be reached. */
export async function connectAsSuperuser({ port, passwordFile }: Pick<ClusterPlace, 'port' | 'passwordFile'>, database = 'postgres'): Promise<Client> {
  const client = new Client({ host: '127.0.0.1', port, user: SUPERUSER, password: (await readFile(passwordFile, 'utf8')).trim(), database, connectionTimeoutMillis: CONNECT_MS_MAX });
  client.on('error', () => undefined); // Whoever waits for a query hears of it.
  try {
    await client.connect();
  } catch (cause) {
    await client.end().catch(() => undefined);
    throw cause;
  }
  return client;
}

/** Resolves when the server takes connections. Errors: throws with the last reason when it does not in time, or when `stillTrying` says that it is no use. */
export async function awaitServer(place: Pick<ClusterPlace, 'port' | 'passwordFile'>, stillTrying: () => boolean = () => true): Promise<void> {
  let last: unknown;
  for (let attempt = 0; attempt < READY_TRIES_MAX && stillTrying(); attempt += 1) {
    try {
      const client = await connectAsSuperuser(place);
      await client.end();
      return;
    } catch (cause) {
      last = cause;
      await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
    }
  }
  throw new Error('PostgreSQL does not take connections', { cause: last });
}
