import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerTree } from '../tree/server-tree.js';

/** Databases that the profile of the product names; in the demo all three are one. */
const PROFILE_DATABASES = ['statistics', 'events', 'backup'] as const;
const HOST_FILE = '/etc/mailwarden/host.yaml';
export const PASSWORD_FILE = '/etc/mailwarden/database-password';

/** Tells the agent of this server where the product's tables are, and that the process which writes the mail runs on the kernel that scans it. Written again when the database has moved to another port. */
export function writeHostFile(tree: ServerTree, place: { readonly host: string; readonly port: number; readonly name: string }): void {
  const entries = PROFILE_DATABASES.map((database) => `  ${database}: { host: ${JSON.stringify(place.host)}, port: ${place.port}, name: ${place.name}, user: ${place.name}, password-file: ${JSON.stringify(join(tree.root, PASSWORD_FILE))} }\n`);
  const text = `# Where the tables of the mail product on this server are. Written by the demo fleet.\nschema: mailwarden/host/v1\nkernel: this\ndatabases:\n${entries.join('')}`;
  const path = join(tree.root, HOST_FILE);
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) tree.file(HOST_FILE, text, { mode: 0o644, owner: 'root' });
}

export const readPassword = (tree: ServerTree): string => readFileSync(join(tree.root, PASSWORD_FILE), 'utf8').trim();
