import { constants, gunzip, gzip } from 'node:zlib';
import { promisify } from 'node:util';

/** Smaller texts go as they are. Units: bytes. */
const PLAIN_BYTES_MAX = 16_384;
/** What is packed unpacks to no more. Units: bytes. */
export const UNPACKED_BYTES_MAX = 8 * 1_048_576;
/** How a packed text begins; JSON never does. Source: RFC 1952, 2.3.1. */
const MAGIC = [0x1f, 0x8b] as const;

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** A text for the wire: a long one packed, since the broker takes no large message and lists say much the same many times. */
export async function packed(text: string): Promise<Uint8Array> {
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length <= PLAIN_BYTES_MAX ? bytes : pack(bytes, { level: constants.Z_BEST_SPEED });
}

/** The text's bytes. What does not unpack, or to more than a text has, comes back as it is: it is no JSON, and whoever reads it says so. */
export async function unpacked(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== MAGIC[0] || bytes[1] !== MAGIC[1]) return bytes;
  return unpack(bytes, { maxOutputLength: UNPACKED_BYTES_MAX }).catch(() => bytes);
}
