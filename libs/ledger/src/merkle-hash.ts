import { createHash, hash } from 'node:crypto';
import type { Sha256 } from '@mailwarden/kernel';

const LEAF_PREFIX = Buffer.from([0]);
const NODE_PREFIX = Buffer.from([1]);

/** Hash of one entry of the log. Source: RFC 9162, section 2.1.1: `SHA-256(0x00 || entry)`. */
export const leafHash = (entry: Uint8Array): Sha256 => createHash('sha256').update(LEAF_PREFIX).update(entry).digest('hex') as Sha256;

/** The same for an entry that is text, without a copy of its bytes: the prefix is the character of that number. */
export const leafHashOfText = (entry: string): Sha256 => hash('sha256', `\0${entry}`) as Sha256;

const HASH_BYTES = 32;
/** One node after the other is written here, since making a hash object and buffers for each costs more than the hashing. */
const node = Buffer.concat([NODE_PREFIX, Buffer.alloc(2 * HASH_BYTES)]);

/** Hash of an inner node. Source: RFC 9162, section 2.1.1: `SHA-256(0x01 || left || right)`. */
export function nodeHash(left: Sha256, right: Sha256): Sha256 {
  const isWhole = node.write(left, NODE_PREFIX.length, 'hex') === HASH_BYTES && node.write(right, NODE_PREFIX.length + HASH_BYTES, 'hex') === HASH_BYTES;
  return (isWhole ? hash('sha256', node) : createHash('sha256').update(NODE_PREFIX).update(left, 'hex').update(right, 'hex').digest('hex')) as Sha256;
}

/** Root of a log without entries. Source: RFC 9162, section 2.1.1. */
export const EMPTY_ROOT = createHash('sha256').digest('hex') as Sha256;
