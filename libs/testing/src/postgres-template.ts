import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clusterKind, ensureCluster } from '@mailwarden/local-postgres';

const PASSWORD_BYTES = 18;
const CACHE = fileURLToPath(new URL('../../../.tools/empty-postgres/', import.meta.url));
/** As root the server runs as another account, which has to get into the folder. */
const MAY_ENTER = 0o711;

export const newPassword = (): string => randomBytes(PASSWORD_BYTES).toString('base64url');

/** A folder of a suite's own, which the server's account can enter. */
export async function folderForServer(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'mailwarden-postgres-'));
  await chmod(dir, MAY_ENTER);
  return dir;
}

/** An empty cluster that no server ran on, with the password of its superuser. */
export interface ClusterTemplate {
  readonly cluster: string;
  readonly passwordFile: string;
}

const placesIn = (dir: string): ClusterTemplate => ({ cluster: join(dir, 'cluster'), passwordFile: join(dir, 'password') });
/** Whoever makes it owns it, and by the folder for temporary files a server's account gets there in another way. */
const nameOf = (kind: string): string => createHash('sha256').update([kind, process.geteuid?.(), tmpdir()].join(' ')).digest('hex').slice(0, 32);

/** Made where a server's account works, then put where it stays under a name that is there only once it is whole: of suites that make it at once, the first one's stays. */
async function made(at: string): Promise<void> {
  const dir = await folderForServer();
  const { cluster, passwordFile } = placesIn(dir);
  await writeFile(passwordFile, newPassword(), { mode: 0o600 });
  await ensureCluster({ dir: cluster, passwordFile });
  await mkdir(CACHE, { recursive: true });
  const beside = await mkdtemp(`${at}.`);
  try {
    copied(cluster, placesIn(beside).cluster);
    await cp(passwordFile, placesIn(beside).passwordFile);
    await rename(beside, at).catch((cause: unknown) => {
      if (!existsSync(at)) throw cause;
    });
  } finally {
    for (const folder of [beside, dir]) await rm(folder, { recursive: true, force: true });
  }
}

/** With owners and modes; where the file system can, without a second copy of the bytes. */
export const copied = (from: string, to: string): void => void execFileSync('/bin/cp', ['--archive', '--reflink=auto', from, to]);

/** To make a cluster takes a second of the processor; to copy one, a tenth of it. */
export async function postgresTemplate(): Promise<ClusterTemplate> {
  const at = join(CACHE, nameOf(await clusterKind()));
  if (!existsSync(at)) await made(at);
  return placesIn(at);
}
