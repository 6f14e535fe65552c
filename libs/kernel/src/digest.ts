import { createHash, createHmac } from 'node:crypto';
import type { Branded } from './brand.js';

/** A SHA-256 in lower-case hex, 64 characters. */
export type Sha256 = Branded<'Sha256'>;

export const sha256 = (data: string | Uint8Array): Sha256 => createHash('sha256').update(data).digest('hex') as Sha256;

/** A keyed hash, for names that must be compared but never read elsewhere. Source: RFC 2104 with SHA-256. */
export const keyedHash = (key: Uint8Array, data: string | Uint8Array): Sha256 =>
  createHmac('sha256', key).update(data).digest('hex') as Sha256;
