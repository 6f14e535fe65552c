import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';
import { sha256 } from './digest.js';

/** Public half of an ed25519 key: 32 bytes in base64url without padding. */
export type PublicKeyText = string;
/** Short name of a public key: the first 16 hex characters of its SHA-256. */
export type KeyId = string;

/** A payload with the signature of whoever stands for it. The signature covers `context` and the payload's canonical JSON. */
export interface SignedDocument<T> {
  readonly payload: T;
  readonly keyId: KeyId;
  /** ed25519, base64url. */
  readonly signature: string;
}

/** Signs documents for one origin. Safety: holds private key material; never log it. */
export interface Signer {
  readonly keyId: KeyId;
  readonly publicKey: PublicKeyText;
  sign(context: string, payload: unknown): string;
}

const PUBLIC_KEY_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const parsedKeys = new Map<PublicKeyText, KeyObject>();
const PARSED_KEYS_MAX = 4096;

function publicKeyObject(text: PublicKeyText): KeyObject {
  const cached = parsedKeys.get(text);
  if (cached !== undefined) return cached;
  const raw = Buffer.from(text, 'base64url');
  if (raw.length !== 32) throw new TypeError('an ed25519 public key has 32 bytes');
  const key = createPublicKey({ key: Buffer.concat([PUBLIC_KEY_PREFIX, raw]), format: 'der', type: 'spki' });
  if (parsedKeys.size >= PARSED_KEYS_MAX) parsedKeys.clear();
  parsedKeys.set(text, key);
  return key;
}

export const keyIdOf = (publicKey: PublicKeyText): KeyId => sha256(Buffer.from(publicKey, 'base64url')).slice(0, 16);

/** What is signed: the domain of the document, a NUL, and the canonical payload, so that one kind of document never passes for another. */
const signedBytes = (context: string, payload: unknown): Buffer => Buffer.from(`${context}\0${canonicalJson(payload)}`, 'utf8');

/** Shape: a PKCS#8 PEM of an ed25519 private key. */
export function signerFromPem(pem: string): Signer {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('the signing key is not an ed25519 key');
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const publicKey = spki.subarray(PUBLIC_KEY_PREFIX.length).toString('base64url');
  return {
    keyId: keyIdOf(publicKey),
    publicKey,
    sign: (context, payload) => sign(null, signedBytes(context, payload), key).toString('base64url'),
  };
}

export const signDocument = <T>(signer: Signer, context: string, payload: T): SignedDocument<T> => ({
  payload,
  keyId: signer.keyId,
  signature: signer.sign(context, payload),
});

/** True when `signature` over `context` and `payload` was made by the holder of `publicKey`. Never throws on hostile input. */
export function verifySignature(publicKey: PublicKeyText, context: string, payload: unknown, signature: string): boolean {
  try {
    return verify(null, signedBytes(context, payload), publicKeyObject(publicKey), Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}
