import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the workspace that this command belongs to. */
export const INSTALLATION = fileURLToPath(new URL('../../../../', import.meta.url));

/** What Node keeps of compiled modules, so that the next start is quicker; shared by all runtimes of this installation. Node does without where it may not write. */
export const COMPILE_CACHE = join(INSTALLATION, '.tools/compile-cache');

/** Compiled program of one app of this installation. */
export const programOf = (app: string): string => join(INSTALLATION, 'apps', app, 'dist/main.js');

/** Everything that a local runtime keeps, below its data folder. */
export interface Layout {
  readonly data: string;
  /** Who runs here right now, for `down`, `status` and the next start. */
  readonly record: string;
  readonly ports: string;
  readonly address: string;
  readonly cliToken: string;
  readonly signInLink: string;
  readonly fleetFile: string;
  readonly logs: string;
  readonly identity: string;
  readonly database: string;
  readonly secrets: string;
  readonly bus: string;
  readonly policies: string;
  readonly demo: string;
  /** Spool, settings and journal of one server's agent and executor. */
  serverDir(server: string): string;
}

export function layoutOf(data: string): Layout {
  const at = (name: string): string => join(data, name);
  return {
    data,
    record: at('runtime.json'),
    ports: at('ports.json'),
    address: at('address.json'),
    cliToken: at('cli-token'),
    signInLink: at('secrets/sign-in-link'),
    fleetFile: at('fleet.json'),
    logs: at('logs'),
    identity: at('identity'),
    database: at('database'),
    secrets: at('secrets'),
    bus: at('bus'),
    policies: at('policies'),
    demo: at('demo'),
    serverDir: (server) => join(data, 'servers', server),
  };
}
