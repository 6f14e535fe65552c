import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseAdmin } from '../database/database-server.js';
import { PASSWORD_FILE, readPassword, writeHostFile } from '../database/host-file.js';
import { ProductDatabase } from '../database/product-database.js';
import type { ServerTruth } from '../servers/server-truth.js';
import type { DatabaseServer } from '../settings.js';
import { layOutTree, writePidFile } from '../tree/lay-out-tree.js';
import type { Owners } from '../tree/owners.js';
import { ServerTree } from '../tree/server-tree.js';
import { fillStores } from './fill-stores.js';

/** Written last: a server with it is whole, one without it is made anew. */
const PREPARED_MARK = '/etc/mailwarden/demo-prepared';
const PASSWORD_BYTES = 24;

/** A server that is ready for mail. */
export interface PreparedServer {
  readonly truth: ServerTruth;
  readonly tree: ServerTree;
  readonly database: ProductDatabase;
  /** False when it was left as an earlier run made it. */
  readonly isNew: boolean;
}

export interface PreparePlace {
  readonly dir: string;
  readonly owners: Owners;
  readonly admin: DatabaseAdmin;
  readonly databaseServer: DatabaseServer;
}

export const databaseNameOf = (server: string): string => `demo_${server.replaceAll('-', '_')}`;

/** Brings one server into being, or finds it as it was. A run that was cut short left no mark, and its server is made anew. */
export async function prepareServer(truth: ServerTruth, { dir, owners, admin, databaseServer }: PreparePlace): Promise<PreparedServer> {
  const root = join(dir, truth.name);
  const tree = new ServerTree(root, join(dir, '.staging', truth.name), owners);
  tree.clearStaging();
  const place = { host: databaseServer.host, port: databaseServer.port, name: databaseNameOf(truth.name) };
  const isNew = !existsSync(join(root, PREPARED_MARK)) || !(await admin.has(place.name));
  if (isNew) await makeAnew(tree, truth, place, admin);
  writeHostFile(tree, place);
  writePidFile(tree);
  return { truth, tree, database: new ProductDatabase({ ...place, password: readPassword(tree) }), isNew };
}

async function makeAnew(tree: ServerTree, truth: ServerTruth, place: { host: string; port: number; name: string }, admin: DatabaseAdmin): Promise<void> {
  rmSync(join(tree.root, PREPARED_MARK), { force: true }); // First, so that a tree that is half removed is never taken for a whole one.
  rmSync(tree.root, { recursive: true, force: true });
  mkdirSync(tree.root, { mode: 0o755 });
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  await admin.makeAnew(place.name, password);
  const nowMs = Date.now();
  layOutTree(tree, truth, nowMs);
  tree.file(PASSWORD_FILE, `${password}\n`, { mode: 0o600, owner: 'root' });
  const rows = await fillStores(tree, truth, nowMs);
  const database = new ProductDatabase({ ...place, password });
  try {
    await database.prepare(rows);
  } finally {
    await database.close();
  }
  tree.file(PREPARED_MARK, `${truth.name}\n`, { mode: 0o644, owner: 'root', durable: true });
}
