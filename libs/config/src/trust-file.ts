import { readFile } from 'node:fs/promises';
import { trustAnchors, type TrustAnchors } from '@mailwarden/contracts';
import { z } from 'zod';

async function jsonIn(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file} holds no trust anchors: it is not JSON; get it again from the control plane`, { cause });
  }
}

/** Public keys of the services. Errors: throws when the file is missing or has another form. */
export async function loadTrust(file: string): Promise<TrustAnchors> {
  const parsed = trustAnchors.safeParse(await jsonIn(file));
  if (!parsed.success) throw new Error(`${file} holds no trust anchors:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
