import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const WORKSPACE = new URL('../../../', import.meta.url).pathname;

/** A server's program with the folder that it was unpacked in, and what it needs to find its libraries there. */
export interface DatabaseProgram {
  readonly program: string;
  /** As `/usr`. */
  readonly prefix: string;
  readonly env: Readonly<Record<string, string>>;
}

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

function libraryFolders(prefix: string): string[] {
  const lib = join(prefix, 'lib');
  return existsSync(lib) ? readdirSync(lib).map((name) => join(lib, name)).filter((folder) => folder.includes('linux-gnu')) : [];
}

/** A program of the databases that `bin/test` provisioned, else of this machine; null where there is none. `path` is counted from `/usr`. */
export function databaseProgram(path: string): DatabaseProgram | null {
  const prefixes = [process.env['MAILWARDEN_DATABASES'] ?? '', join(WORKSPACE, '.tools/databases')].filter((folder) => folder !== '').map((folder) => join(folder, 'usr'));
  const own = prefixes.find((prefix) => isProgram(join(prefix, path)));
  if (own !== undefined) return { program: join(own, path), prefix: own, env: { LD_LIBRARY_PATH: libraryFolders(own).join(':') } };
  return isProgram(join('/usr', path)) ? { program: join('/usr', path), prefix: '/usr', env: {} } : null;
}

/** Why a suite that needs real database servers is skipped; null where it is not. */
export function noDatabases(): string | null {
  if (databaseProgram('sbin/mariadbd') !== null && databaseProgram('bin/redis-server') !== null) return null;
  const reason = process.env['MAILWARDEN_NO_DATABASES'] ?? '';
  return reason === '' ? 'MariaDB and Redis are not on this machine; bin/test integration fetches them' : reason;
}
