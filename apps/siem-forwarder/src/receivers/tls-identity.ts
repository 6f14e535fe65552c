import { readFile } from 'node:fs/promises';
import { readGuardedBytes } from '@mailwarden/config';

const KEY_BYTES_MAX = 65_536;

/** Whom to believe, and who we are, as files. Errors: rejects with the file and what to do. */
export async function tlsIdentity(files: { ca?: string | undefined; cert?: string | undefined; key?: string | undefined }): Promise<{ ca?: Buffer; cert?: Buffer; key?: Buffer }> {
  const key = files.key === undefined ? undefined : await readGuardedBytes(files.key, KEY_BYTES_MAX, 'owner');
  return {
    ...(files.ca === undefined ? {} : { ca: await readFile(files.ca) }),
    ...(files.cert === undefined ? {} : { cert: await readFile(files.cert) }),
    ...(key === undefined ? {} : { key }),
  };
}
