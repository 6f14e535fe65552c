import { readFile } from 'node:fs/promises';
import { trustAnchors, type TrustAnchors } from '@mailwarden/contracts';
import { z } from 'zod';

function jsonIn(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new Error(`${file} holds no trust anchors: it is not JSON; get it again from the control plane`, { cause });
  }
}

/** Public keys of the services, from bytes that were read of a file. Errors: throws, with the file's name, when they have another form. */
export function trustIn(bytes: Uint8Array, file: string): TrustAnchors {
  const parsed = trustAnchors.safeParse(jsonIn(bytes, file));
  if (!parsed.success) throw new Error(`${file} holds no trust anchors:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** Public keys of the services. Safety: the file is believed whoever wrote it; what acts as root on their word reads it guarded, and takes `trustIn`. Errors: throws when the file is missing or has another form. */
export const loadTrust = async (file: string): Promise<TrustAnchors> => trustIn(await readFile(file), file);
