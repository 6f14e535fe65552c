import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePrivate } from '@mailwarden/identity';
import type { DatabaseOptions } from '@mailwarden/persistence';
import { freePort } from '@mailwarden/testing';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { Wait } from 'testcontainers';
import type { ContainerSettings } from './container-settings.js';
import { revivalOf, type Revival } from './revival.js';

const PORT = 5432;
/** PostgreSQL says in its own file when it takes connections, and on which addresses; while it is still being set up it has none. Needs nothing but a shell, which every image of it has. */
const READY = '{ read -r pid; read -r data; read -r since; read -r port; read -r socket; read -r address; read -r memory; read -r state; } < "$PGDATA/postmaster.pid" && [ -n "$address" ] && [ "$state" = ready ]';
const HEALTH_MS = { interval: 250, timeout: 2_000 };
const HEALTH_TRIES_MAX = 200;

export interface RunningPostgres extends Revival {
  readonly database: Pick<DatabaseOptions, 'url' | 'passwordFile'>;
  stop(): Promise<void>;
}

/** PostgreSQL in a container, with its password in a file as a service gets it. It keeps its port and its data when it is killed and started again. */
export async function startPostgresContainer(settings: ContainerSettings): Promise<RunningPostgres> {
  const dir = await mkdtemp(join(tmpdir(), 'mailwarden-containers-'));
  const passwordFile = join(dir, 'password');
  const started = await new PostgreSqlContainer(settings.postgres)
    .withExposedPorts({ container: PORT, host: await freePort() })
    .withHealthCheck({ ...HEALTH_MS, test: ['CMD-SHELL', READY], retries: HEALTH_TRIES_MAX })
    .withWaitStrategy(Wait.forHealthCheck())
    .withLabels(settings.labels)
    .withAutoCleanup(false)
    .start();
  await writePrivate(passwordFile, `${started.getPassword()}\n`);
  return {
    ...(await revivalOf(started)),
    database: { url: `postgres://${started.getUsername()}@${started.getHost()}:${started.getPort()}/${started.getDatabase()}`, passwordFile },
    stop: async () => {
      await started.stop({ timeout: 0 });
      await rm(dir, { recursive: true, force: true });
    },
  };
}
