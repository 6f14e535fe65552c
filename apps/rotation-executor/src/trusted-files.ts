import { readGuardedBytes, trustIn } from '@mailwarden/config';
import type { TrustAnchors } from '@mailwarden/contracts';
import { signerIn } from '@mailwarden/identity';
import type { Signer } from '@mailwarden/kernel';
import type { ExecutorSettings } from './executor-settings.js';

/** Units: bytes. */
const KEY_BYTES_MAX = 65_536;

/** What the executor believes, and what it signs with. */
export interface Trusted {
  readonly trust: TrustAnchors;
  readonly signer: Signer;
  readonly hashKey: Uint8Array;
}

/** Errors: throws when a file is missing, belongs to another account than root or this one, or can be written by others: whoever writes the trust anchors gives the orders. What was looked at is what counts. */
export async function loadTrusted({ trust, signingKey, hashKeyFile }: Pick<ExecutorSettings, 'trust' | 'signingKey' | 'hashKeyFile'>): Promise<Trusted> {
  return {
    trust: trustIn(await readGuardedBytes(trust, KEY_BYTES_MAX), trust),
    signer: signerIn(await readGuardedBytes(signingKey, KEY_BYTES_MAX, 'owner')),
    hashKey: await readGuardedBytes(hashKeyFile, KEY_BYTES_MAX),
  };
}
