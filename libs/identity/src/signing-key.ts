import { generateKeyPairSync } from 'node:crypto';
import { signerFromPem, type PublicKeyText, type Signer } from '@mailwarden/kernel';
import { readPrivate } from './private-file.js';

/** A fresh ed25519 key: private half as PKCS#8 PEM. */
export function generateSigningKey(): { pem: string; publicKey: PublicKeyText } {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  return { pem, publicKey: signerFromPem(pem).publicKey };
}

/** A key from bytes that were read of a file. Errors: throws when they hold no ed25519 key. */
export const signerIn = (pem: Uint8Array): Signer => signerFromPem(Buffer.from(pem).toString('utf8'));

/** Errors: throws when the file is open to others, or holds no ed25519 key. */
export async function loadSigner(file: string): Promise<Signer> {
  return signerFromPem(await readPrivate(file));
}
