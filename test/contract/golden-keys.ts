import { createPrivateKey } from 'node:crypto';
import { agentSource, serviceSource } from '@mailwarden/contracts';
import { sha256, signerFromPem, type Signer } from '@mailwarden/kernel';

/** Header of an ed25519 private key in PKCS#8, before its 32 bytes. */
const PRIVATE_KEY_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * A signer whose key follows from its name, so that golden samples can be signed anew by anyone. Safety: no secret; it must never sign anything but samples.
 */
export function sampleSigner(name: string): Signer {
  const seed = Buffer.from(sha256(`mailwarden golden sample, no secret: ${name}`), 'hex');
  return signerFromPem(createPrivateKey({ key: Buffer.concat([PRIVATE_KEY_PREFIX, seed]), format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }).toString());
}

export const SAMPLE_SERVER = 'mx-1';

/** Whoever speaks in the samples, by the name that messages give; the executor signs receipts and has no messages of its own. */
export const SAMPLE_ORIGINS = [agentSource(SAMPLE_SERVER), serviceSource('reporting'), serviceSource('rotation'), serviceSource('consent'), 'executor'] as const;
