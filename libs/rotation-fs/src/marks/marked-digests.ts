import { createHmac } from 'node:crypto';

/** Half of a SHA-256 tells items apart, and halves the file. Units: bytes. */
export const DIGEST_BYTES = 16;

/** What a mark notes of an item: made with the host's own key, so that a file of marks names nobody's letters. */
export function markDigest(hashKey: Uint8Array, path: string, identity: string): Buffer {
  return createHmac('sha256', hashKey).update('mark\0').update(path, 'latin1').update('\0').update(identity, 'latin1').digest().subarray(0, DIGEST_BYTES);
}

/** Digests of many items, packed one after the other and sorted, so that each is found without reading all. */
export class DigestList {
  constructor(readonly bytes: Buffer) {}

  static of(digests: readonly Buffer[]): DigestList {
    return new DigestList(Buffer.concat([...digests].sort(Buffer.compare)));
  }

  get length(): number {
    return this.bytes.length / DIGEST_BYTES;
  }

  has(digest: Buffer): boolean {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.bytes.compare(digest, 0, DIGEST_BYTES, middle * DIGEST_BYTES, (middle + 1) * DIGEST_BYTES);
      if (order === 0) return true;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return false;
  }
}
