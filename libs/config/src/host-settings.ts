import { join, resolve } from 'node:path';
import type { HostSettings } from '@mailwarden/catalogue';
import { checkAgainst, readStrictYaml } from '@mailwarden/strict-yaml';
import { z } from 'zod';
import { readGuarded } from './guarded-file.js';

const HOST_BYTES_MAX = 65_536;
/** Folders that are not looked into. */
const EXCLUDED_MAX = 100;

const server = z.strictObject({
  host: z.string().min(1).max(200),
  port: z.number().int().min(1).max(65_535).optional(),
  name: z.string().min(1).max(63).optional(),
  user: z.string().min(1).max(63).optional(),
  'password-file': z.string().startsWith('/').optional(),
});
const file = z.strictObject({ file: z.string().startsWith('/').max(400) });

const hostForm = z.strictObject({
  schema: z.literal('mailwarden/host/v1'),
  databases: z.record(z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/), z.union([server, file])).default({}),
  kernel: z.literal('this').optional(),
  'look-for-undeclared': z.boolean().optional(),
  'undeclared-excluded': z.array(z.string().regex(/^(?:\/[^/]+)+$/).max(400)).max(EXCLUDED_MAX).optional(),
});
type HostForm = z.output<typeof hostForm>;

/** Stands for the port that the engine of the database has by itself. */
const OWN_PORT = 0;

/** `below`: the root of another host than the running one, whose password files are looked for in its tree alone; null for the running one. */
function settingsOf({ databases, kernel, 'look-for-undeclared': look, 'undeclared-excluded': excluded }: HostForm, below: string | null): HostSettings {
  const entries = Object.entries(databases);
  const files = entries.flatMap(([name, place]) => ('file' in place ? [[name, place.file] as const] : []));
  const servers = entries.flatMap(([name, place]) =>
    'file' in place ? [] : [[name, { host: place.host, port: place.port ?? OWN_PORT, name: place.name ?? name, user: place.user ?? '', passwordFile: place['password-file'] ?? null, ...(below === null || place['password-file'] === undefined ? {} : { passwordBelow: below }) }] as const],
  );
  return {
    databases: Object.fromEntries(servers),
    ...(files.length === 0 ? {} : { databaseFiles: Object.fromEntries(files) }),
    ...(kernel === undefined ? {} : { kernel }),
    ...(look === undefined ? {} : { lookForUndeclared: look }),
    ...(excluded === undefined ? {} : { undeclaredExcluded: excluded }),
  };
}

/** What only this host knows, from `etc/mailwarden/host.yaml` below its root; nothing when there is no such file. Errors: throws when the file could have been written by others, or is wrong. */
export async function loadHostSettings(root: string): Promise<HostSettings> {
  const path = join(root, 'etc/mailwarden/host.yaml');
  const text = await readGuarded(path, HOST_BYTES_MAX);
  if (text === null) return { databases: {} };
  const document = readStrictYaml(text);
  const form = document.ok ? checkAgainst(hostForm, document.value) : document;
  if (!form.ok) throw new Error(`${path}:${form.error[0]?.line ?? 1}: ${form.error[0]?.message ?? 'not readable'}; ${form.error[0]?.advice ?? ''}`);
  const whole = resolve(root);
  return settingsOf(form.value, whole === '/' ? null : whole);
}
