import { join } from 'node:path';
import type { HostSettings } from '@mailwarden/catalogue';
import { checkAgainst, readStrictYaml } from '@mailwarden/strict-yaml';
import { z } from 'zod';
import { readGuarded } from './guarded-file.js';

const HOST_BYTES_MAX = 65_536;

const hostForm = z.strictObject({
  schema: z.literal('mailwarden/host/v1'),
  databases: z
    .record(
      z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/),
      z.strictObject({ host: z.string().min(1).max(200), port: z.number().int().min(1).max(65_535), name: z.string().min(1).max(63), user: z.string().min(1).max(63), 'password-file': z.string().startsWith('/').optional() }),
    )
    .default({}),
});

/** What only this host knows, from `etc/mailwarden/host.yaml` below its root; nothing when there is no such file. Errors: throws when the file could have been written by others, or is wrong. */
export async function loadHostSettings(root: string): Promise<HostSettings> {
  const path = join(root, 'etc/mailwarden/host.yaml');
  const text = await readGuarded(path, HOST_BYTES_MAX);
  if (text === null) return { databases: {} };
  const document = readStrictYaml(text);
  const form = document.ok ? checkAgainst(hostForm, document.value) : document;
  if (!form.ok) throw new Error(`${path}:${form.error[0]?.line ?? 1}: ${form.error[0]?.message ?? 'not readable'}; ${form.error[0]?.advice ?? ''}`);
  return { databases: Object.fromEntries(Object.entries(form.value.databases).map(([name, { 'password-file': passwordFile, ...place }]) => [name, { ...place, passwordFile: passwordFile ?? null }])) };
}
