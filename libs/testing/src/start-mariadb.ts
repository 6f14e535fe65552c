import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseProgram, type DatabaseProgram } from './database-programs.js';
import { startOnSocket } from './socket-server.js';

/** Statements that make the system's tables, in order. Debian's releases name the files differently. */
const SYSTEM_TABLES = ['system_tables', 'performance_tables', 'system_tables_data'] as const;

/** A real MariaDB on a socket, for one suite. Its account `root` has no password. */
export interface RunningMariadb {
  readonly socket: string;
  /** Ends the server at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

function commonArguments({ prefix }: DatabaseProgram, dir: string): string[] {
  const share = join(prefix, 'share/mysql');
  return ['--no-defaults', `--datadir=${join(dir, 'data')}`, `--tmpdir=${dir}`, `--lc-messages-dir=${share}`, `--character-sets-dir=${join(share, 'charsets')}`, '--innodb-buffer-pool-size=64M', '--innodb-log-file-size=16M', '--innodb-flush-log-at-trx-commit=2', ...(process.geteuid?.() === 0 ? ['--user=root'] : [])];
}

/** Makes the tables that the server keeps its accounts in. Errors: throws what the server says. */
function makeSystemTables(server: DatabaseProgram, dir: string): void {
  const share = join(server.prefix, 'share/mysql');
  const texts = SYSTEM_TABLES.map((name) => [`mariadb_${name}.sql`, `mysql_${name}.sql`].map((file) => join(share, file)).find((path) => existsSync(path))).flatMap((path) => (path === undefined ? [] : [readFileSync(path, 'utf8')]));
  const input = ['CREATE DATABASE mysql;', 'USE mysql;', 'SET @auth_root_socket=NULL;', ...texts].join('\n');
  const { status, stderr, error } = spawnSync(server.program, [...commonArguments(server, dir), '--bootstrap'], { input, encoding: 'utf8', cwd: '/', env: server.env });
  if (status !== 0) throw new Error(`MariaDB cannot make its tables: ${error?.message ?? stderr.trim().split('\n').filter((line) => line.includes('ERROR')).at(-1) ?? 'no reason given'}`);
}

/** Part in a replication: a primary listens on a port of the loopback, a replica on none. */
export interface MariadbReplication {
  readonly serverId: number;
  readonly port: number | null;
}

const networkOf = (replication: MariadbReplication | undefined): string[] => [
  ...(replication?.port == null ? ['--skip-networking'] : ['--bind-address=127.0.0.1', `--port=${replication.port}`, '--log-bin=changes']),
  ...(replication === undefined ? [] : [`--server-id=${replication.serverId}`]),
];

/** `sockets` is the folder of the socket, which is `mysqld.sock`; one of its own where it is left out. `replication` makes it a primary or a replica. */
export async function startMariadb(sockets?: string, replication?: MariadbReplication): Promise<RunningMariadb> {
  const server = databaseProgram('sbin/mariadbd');
  if (server === null) throw new Error('no mariadbd was found; bin/test integration fetches one');
  const dir = await mkdtemp(join(tmpdir(), 'mailwarden-mariadb-'));
  await mkdir(join(dir, 'data'));
  makeSystemTables(server, dir);
  const socket = join(sockets ?? dir, 'mysqld.sock');
  const args = [...commonArguments(server, dir), `--socket=${socket}`, `--pid-file=${join(dir, 'pid')}`, ...networkOf(replication), '--secure-file-priv='];
  let end: () => Promise<void> = () => Promise.resolve();
  const start = async (): Promise<void> => {
    const running = await startOnSocket({ program: server.program, args, env: server.env }, socket);
    end = running.kill;
  };
  await start();
  return {
    socket,
    start,
    kill: () => end(),
    stop: async () => {
      await end();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
