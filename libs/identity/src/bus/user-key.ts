import { signerFromPem, type PublicKeyText, type Signer } from '@mailwarden/kernel';
import { createUser, fromPublic, fromSeed } from '@nats-io/nkeys';

/** A user's key of the bus. Safety: whoever has the seed enters as that user; never log it. */
export interface UserKey {
  readonly seed: string;
  /** `U…`, as the bus names the key. */
  readonly busKey: string;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BITS_PER_CHARACTER = 5;
const KEY_BYTES = 32;
/** Bytes that say what a key is for, before a public key and before a seed. Source: the nkeys format. */
const PREFIX_BYTES = { publicKey: 1, seed: 2 } as const;
/** An ed25519 private key in PKCS#8, up to its 32 bytes. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

function fromBase32(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const character of text) {
    held = ((held << BITS_PER_CHARACTER) | ALPHABET.indexOf(character)) & 0xfff;
    bits += BITS_PER_CHARACTER;
    if (bits >= 8) bytes.push((held >> (bits -= 8)) & 0xff);
  }
  return Buffer.from(bytes);
}

export function makeUserKey(): UserKey {
  const pair = createUser();
  return { seed: Buffer.from(pair.getSeed()).toString('ascii'), busKey: pair.getPublicKey() };
}

/** The same key as one that signs documents. Errors: throws for what is no seed of a user. */
export function signerOfUserKey(seed: string): Signer {
  fromSeed(Buffer.from(seed)); // Checks the sum that the format carries.
  const der = Buffer.concat([PKCS8_PREFIX, fromBase32(seed).subarray(PREFIX_BYTES.seed, PREFIX_BYTES.seed + KEY_BYTES)]);
  return signerFromPem(`-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`);
}

/** What signatures of a user's key are checked by; null for what is no such key. */
export function verifyingKeyOf(busKey: string): PublicKeyText | null {
  try {
    fromPublic(busKey);
    return fromBase32(busKey).subarray(PREFIX_BYTES.publicKey, PREFIX_BYTES.publicKey + KEY_BYTES).toString('base64url');
  } catch {
    return null;
  }
}
