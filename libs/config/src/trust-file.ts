import { readFile } from 'node:fs/promises';
import { trustAnchors, type TrustAnchors } from '@mailwarden/contracts';
import { z } from 'zod';

/** Public keys of the services. Errors: throws when the file is missing or has another form. */
export async function loadTrust(file: string): Promise<TrustAnchors> {
  const parsed = trustAnchors.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file} holds no trust anchors:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
