import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineApi } from './engine-api.ts';
import { postgresPrograms } from './postgres-programs.ts';
import { librariesOf, placeFile } from './shared-libraries.ts';

/** Names of the images that the suite starts. */
export interface Images {
  readonly nats: string;
  readonly postgres: string;
}

const WORKSPACE = join(import.meta.dirname, '../..');
const ENTRYPOINT = join(WORKSPACE, 'test/containers/images/postgres-entrypoint.sh');
/** Only in the image; any number above those of system accounts that Debian hands out does. */
const POSTGRES_ACCOUNT = 70;
const OPEN_TO_ALL = 0o1777;
const PROGRAM = 0o755;

/** Hands a folder to the engine as an image of one layer, and removes the folder. */
async function importFolder(api: EngineApi, name: string, changes: readonly string[], fill: (root: string) => void): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'mailwarden-image-'));
  try {
    chmodSync(root, PROGRAM);
    fill(root);
    const tar = spawn('tar', ['-C', root, '--numeric-owner', '--owner=0', '--group=0', '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await api.importImage(name, changes, tar.stdout);
    return name;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The broker alone, with the libraries that it needs from this machine. Like the public image, it takes arguments and runs as root of its container. */
function natsImage(api: EngineApi, natsServer: string): Promise<string> {
  return importFolder(api, 'mailwarden-test/nats:local', ['ENTRYPOINT ["/nats-server"]', 'EXPOSE 4222'], (root) => {
    placeFile(root, natsServer, '/nats-server');
    for (const library of librariesOf(natsServer, root)) placeFile(root, library);
  });
}

/** PostgreSQL as npm has it, a shell, and an account to run as: the server refuses to be root. */
function postgresImage(api: EngineApi): Promise<string> {
  const programs = postgresPrograms();
  const changes = ['ENTRYPOINT ["/entrypoint.sh"]', 'USER postgres', 'ENV PGDATA=/var/lib/postgresql/data', 'ENV PATH=/usr/local/pgsql/bin:/bin', 'EXPOSE 5432'];
  return importFolder(api, 'mailwarden-test/postgres:local', changes, (root) => {
    cpSync(programs, join(root, 'usr/local/pgsql'), { recursive: true, verbatimSymlinks: true, filter: (path) => !/\.a$|\/(?:include|pkgconfig)$/.test(path) });
    placeFile(root, '/bin/sh');
    placeFile(root, ENTRYPOINT, '/entrypoint.sh');
    const libraries = ['/bin/sh', ...['postgres', 'initdb'].map((program) => join(programs, 'bin', program))].flatMap((program) => librariesOf(program, programs));
    for (const library of new Set(libraries)) placeFile(root, library);
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/passwd'), `root:x:0:0::/:/bin/sh\npostgres:x:${POSTGRES_ACCOUNT}:${POSTGRES_ACCOUNT}::/var/lib/postgresql:/bin/sh\n`);
    writeFileSync(join(root, 'etc/group'), `root:x:0:\npostgres:x:${POSTGRES_ACCOUNT}:\n`);
    for (const folder of ['tmp', 'var/lib/postgresql']) {
      mkdirSync(join(root, folder), { recursive: true });
      chmodSync(join(root, folder), OPEN_TO_ALL);
    }
    for (const file of ['bin/sh', 'entrypoint.sh']) chmodSync(join(root, file), PROGRAM);
  });
}

/** Builds both images out of what is on this machine; nothing is downloaded. */
export async function buildImages(api: EngineApi, natsServer: string): Promise<Images> {
  const [nats, postgres] = await Promise.all([natsImage(api, natsServer), postgresImage(api)]);
  return { nats, postgres };
}
