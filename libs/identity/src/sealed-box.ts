import { createCipheriv, createDecipheriv, createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';

/** Half of a pair of X25519 keys that others seal for: 32 bytes in base64url without padding. */
export type SealingKeyText = string;
/** The other half, as PKCS#8 in base64url. Safety: whoever has it reads what was sealed; never log it. */
export type OpeningKeyText = string;

const PUBLIC_KEY_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');
const PUBLIC_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const CIPHER = 'aes-256-gcm';

const rawOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_KEY_PREFIX.length);
const publicKeyFrom = (raw: Buffer): KeyObject => createPublicKey({ key: Buffer.concat([PUBLIC_KEY_PREFIX, raw]), format: 'der', type: 'spki' });

/** The key of one box: of both halves and of what the box is for, so that a box for one purpose opens for no other. */
const keyOf = (shared: Buffer, sender: Buffer, receiver: Buffer, context: string): Buffer => Buffer.from(hkdfSync('sha256', shared, Buffer.concat([sender, receiver]), context, KEY_BYTES));

/** A fresh pair of keys, for one answer. */
export function makeSealingKey(): { readonly sealing: SealingKeyText; readonly opening: OpeningKeyText } {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return { sealing: rawOf(publicKey).toString('base64url'), opening: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url') };
}

/**
 * Seals bytes so that only the holder of the other half reads them; nobody can change them unseen. Who sealed them is not told by it: sign what carries the box.
 * Shape: X25519 with a key of the moment, HKDF-SHA-256, AES-256-GCM. Errors: throws TypeError where the key is none.
 */
export function sealFor(sealing: SealingKeyText, context: string, bytes: Uint8Array): Buffer {
  const receiver = Buffer.from(sealing, 'base64url');
  if (receiver.length !== PUBLIC_BYTES) throw new TypeError('a key to seal for has 32 bytes');
  const own = generateKeyPairSync('x25519');
  const sender = rawOf(own.publicKey);
  const shared = diffieHellman({ privateKey: own.privateKey, publicKey: publicKeyFrom(receiver) });
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(shared, sender, receiver, context), iv);
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return Buffer.concat([sender, iv, cipher.getAuthTag(), sealed]);
}

/** What was sealed; null for what was not sealed for this key and purpose, or was changed. Never throws on hostile bytes. */
export function openSealed(opening: OpeningKeyText, context: string, box: Uint8Array): Buffer | null {
  try {
    const bytes = Buffer.from(box);
    const [sender, iv, tag, sealed] = [bytes.subarray(0, PUBLIC_BYTES), bytes.subarray(PUBLIC_BYTES, PUBLIC_BYTES + IV_BYTES), bytes.subarray(PUBLIC_BYTES + IV_BYTES, PUBLIC_BYTES + IV_BYTES + TAG_BYTES), bytes.subarray(PUBLIC_BYTES + IV_BYTES + TAG_BYTES)];
    const privateKey = createPrivateKey({ key: Buffer.from(opening, 'base64url'), format: 'der', type: 'pkcs8' });
    const shared = diffieHellman({ privateKey, publicKey: publicKeyFrom(sender) });
    const decipher = createDecipheriv(CIPHER, keyOf(shared, sender, rawOf(createPublicKey(privateKey)), context), iv, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    return null;
  }
}
