import { brotliCompress, brotliDecompress, constants } from 'node:zlib';
import { promisify } from 'node:util';
import { PAYLOAD_BYTES_MAX } from '@mailwarden/contracts';

/** Smaller texts go as they are. Units: bytes. */
const PLAIN_BYTES_MAX = 16_384;
/** What is packed unpacks to no more. Units: bytes. */
export const UNPACKED_BYTES_MAX = 8 * 1_048_576;
/** How a packed text begins; JSON never does. */
const MARK = Buffer.from([0x01]);
/** Looks back four megabytes, over many versions of a long text; little work for it. */
const TERMS = { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 22 };

const pack = promisify(brotliCompress);
const unpack = promisify(brotliDecompress);

/** A text for the wire: a long one packed, since the broker takes no large message and lists say much the same many times. Null where it is larger than a message may be all the same. */
export async function packed(text: string): Promise<Uint8Array | null> {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= PLAIN_BYTES_MAX) return bytes;
  if (bytes.length > UNPACKED_BYTES_MAX) return null;
  const small = Buffer.concat([MARK, await pack(bytes, { params: TERMS })]);
  return small.length > PAYLOAD_BYTES_MAX ? null : small;
}

/** The text's bytes. What does not unpack, or to more than a text has, comes back as it is: it is no JSON, and whoever reads it says so. */
export async function unpacked(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== MARK[0]) return bytes;
  return unpack(bytes.subarray(MARK.length), { maxOutputLength: UNPACKED_BYTES_MAX }).catch(() => bytes);
}
