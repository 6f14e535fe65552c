import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { keepOnce } from '@mailwarden/identity';
import { awaitServer, connectAsSuperuser, ensureCluster, ensureDatabase, serverCommand, type ClusterPlace } from '@mailwarden/local-postgres';
import type { Layout } from './layout.js';
import type { ProcessPlan } from './supervised-process.js';

const DATABASE = 'mailwarden';
const SECRET_BYTES = 24;
export const SCHEMAS = ['reporting', 'rotation', 'consent'] as const;
export type Schema = (typeof SCHEMAS)[number];

const roleOf = (schema: Schema): string => `mailwarden_${schema}`;
const passwordFileOf = (layout: Pick<Layout, 'secrets'>, name: string): string => join(layout.secrets, `${name}.password`);

export function clusterPlace(layout: Pick<Layout, 'secrets' | 'database'>, port: number): ClusterPlace {
  return { dir: layout.database, passwordFile: passwordFileOf(layout, 'superuser'), port };
}

/** Makes the cluster and its passwords when they are missing. */
export async function prepareCluster(layout: Layout, port: number): Promise<ProcessPlan> {
  for (const name of ['superuser', ...SCHEMAS]) await keepOnce(passwordFileOf(layout, name), () => randomBytes(SECRET_BYTES).toString('base64url'));
  const place = clusterPlace(layout, port);
  await ensureCluster(place);
  return { name: 'postgresql', command: await serverCommand(place), env: {}, stopSignal: 'SIGINT', ready: (isAlive) => awaitServer(place, isAlive) };
}

/** One role for each service, which owns its schema and sees no other. */
export async function prepareRoles(layout: Layout, port: number): Promise<void> {
  const superuser = await connectAsSuperuser(clusterPlace(layout, port));
  try {
    await ensureDatabase(superuser, DATABASE, SCHEMAS.map((schema) => ({ name: roleOf(schema), passwordFile: passwordFileOf(layout, schema) })));
  } finally {
    await superuser.end();
  }
}

/** What a service is told of its database. */
export function databaseSettings(layout: Layout, schema: Schema, port: number): Record<string, string> {
  return { MAILWARDEN_DATABASE_URL: `postgres://${roleOf(schema)}@127.0.0.1:${port}/${DATABASE}`, MAILWARDEN_DATABASE_PASSWORD_FILE: passwordFileOf(layout, schema) };
}
