import { readFile } from 'node:fs/promises';
import { readSettings } from '@mailwarden/config';
import { z } from 'zod';

const absolute = z.string().startsWith('/', 'must be an absolute path');

/** A server URL may not carry the password: environments are shown in process lists and logs. */
const databaseUrl = z.url({ protocol: /^postgres(?:ql)?$/ }).refine((text) => new URL(text).password === '', 'must not hold the password; name its file in MAILWARDEN_DEMO_DATABASE_PASSWORD_FILE');

const form = z.object({
  MAILWARDEN_DEMO_DIR: absolute,
  MAILWARDEN_DEMO_DATABASE_URL: databaseUrl,
  MAILWARDEN_DEMO_DATABASE_PASSWORD_FILE: absolute,
  MAILWARDEN_DEMO_POLICY_DIR: absolute,
  MAILWARDEN_DEMO_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** Where the superuser of the demo's PostgreSQL is reached. */
export interface DatabaseServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: string;
}

export interface DemoSettings {
  /** Folder that holds the trees. */
  readonly dir: string;
  readonly policyDir: string;
  readonly logLevel: string;
  readonly databaseServer: DatabaseServer;
}

const POSTGRES_PORT = 5432;

/** Reads what the runtime that starts the fleet says. Errors: throws with every setting that is missing or wrong. */
export async function loadSettings(environment: Readonly<Record<string, string | undefined>>): Promise<DemoSettings> {
  const read = readSettings(form, environment);
  const url = new URL(read.MAILWARDEN_DEMO_DATABASE_URL);
  return {
    dir: read.MAILWARDEN_DEMO_DIR.replace(/\/+$/, ''),
    policyDir: read.MAILWARDEN_DEMO_POLICY_DIR,
    logLevel: read.MAILWARDEN_DEMO_LOG_LEVEL,
    databaseServer: {
      host: url.hostname,
      port: url.port === '' ? POSTGRES_PORT : Number(url.port),
      user: decodeURIComponent(url.username),
      database: url.pathname.slice(1) === '' ? 'postgres' : url.pathname.slice(1),
      password: (await readFile(read.MAILWARDEN_DEMO_DATABASE_PASSWORD_FILE, 'utf8')).trim(),
    },
  };
}
