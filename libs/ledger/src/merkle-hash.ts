import { createHash } from 'node:crypto';
import type { Sha256 } from '@mailwarden/kernel';

const LEAF_PREFIX = Buffer.from([0]);
const NODE_PREFIX = Buffer.from([1]);

/** Hash of one entry of the log. Source: RFC 9162, section 2.1.1: `SHA-256(0x00 || entry)`. */
export const leafHash = (entry: Uint8Array): Sha256 => createHash('sha256').update(LEAF_PREFIX).update(entry).digest('hex') as Sha256;

/** Hash of an inner node. Source: RFC 9162, section 2.1.1: `SHA-256(0x01 || left || right)`. */
export const nodeHash = (left: Sha256, right: Sha256): Sha256 =>
  createHash('sha256').update(NODE_PREFIX).update(left, 'hex').update(right, 'hex').digest('hex') as Sha256;

/** Root of a log without entries. Source: RFC 9162, section 2.1.1. */
export const EMPTY_ROOT = createHash('sha256').digest('hex') as Sha256;
