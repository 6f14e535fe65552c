import { canonicalJson } from '@mailwarden/kernel';
import type { Stamp } from './kept.js';
import type { SignedCheckpoint } from './pack-lines.js';

/** One element of DER. Source: X.690. */
interface Element {
  readonly tag: number;
  readonly body: Buffer;
  readonly rest: Buffer;
}

/** Object identifier of a time stamp's content, 1.2.840.113549.1.9.16.1.4. Source: RFC 3161, section 2.4.2. */
const TST_INFO = Buffer.from('060b2a864886f70d0109100104', 'hex');
const SHA256 = Buffer.from('0609608648016503040201', 'hex');
const [INTEGER, OCTETS, SEQUENCE, TIME, CONTENT] = [0x02, 0x04, 0x30, 0x18, 0xa0] as const;
const LONG_FORM = 0x80;
/** No token has lengths of more bytes. */
const LENGTH_BYTES_MAX = 4;

/** Errors: throws RangeError for what is no DER. */
function element(bytes: Buffer): Element {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined) throw new RangeError('it ends too early');
  let [length, at] = [first, 2];
  if (first >= LONG_FORM) {
    const count = first - LONG_FORM;
    if (count === 0 || count > LENGTH_BYTES_MAX || bytes.length < 2 + count) throw new RangeError('its length cannot be read');
    [length, at] = [bytes.readUIntBE(2, count), 2 + count];
  }
  if (bytes.length < at + length) throw new RangeError('it ends too early');
  return { tag, body: bytes.subarray(at, at + length), rest: bytes.subarray(at + length) };
}

/** The body of the next element, which has this tag. Errors: RangeError where it has another. */
function next(bytes: Buffer, tag: number): Element {
  const found = element(bytes);
  if (found.tag !== tag) throw new RangeError(`an element ${found.tag.toString(16)} stands where ${tag.toString(16)} must`);
  return found;
}

/** `20261129210000Z`, or with a fraction, as `2026-11-29T21:00:00Z`. */
function timeOf(text: string): string {
  const [, year, month, day, hour, minute, second, fraction = ''] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?Z$/.exec(text) ?? [];
  if (year === undefined) throw new RangeError('its time cannot be read');
  return `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}Z`;
}

/** What a time stamp tells, beside what `Stamp` has. */
export interface TimeStamp extends Stamp {
  /** As the request had it, in hex; null where there is none. */
  readonly nonce: string | null;
}

function infoOf(content: Buffer): TimeStamp {
  const version = next(next(content, SEQUENCE).body, INTEGER);
  const policy = element(version.rest);
  const imprint = next(policy.rest, SEQUENCE);
  const algorithm = next(imprint.body, SEQUENCE);
  if (!algorithm.body.subarray(0, SHA256.length).equals(SHA256)) throw new RangeError('it is not over a SHA-256');
  const serial = next(imprint.rest, INTEGER);
  const time = next(serial.rest, TIME);
  let nonce: string | null = null;
  for (let rest = time.rest; rest.length > 0; ) {
    const part = element(rest);
    if (part.tag === INTEGER) nonce = part.body.toString('hex');
    rest = part.rest;
  }
  return { imprint: next(algorithm.rest, OCTETS).body.toString('hex'), at: timeOf(time.body.toString('latin1')), nonce };
}

/** What a time-stamp token says, or the answer of an authority that holds one. Whether the authority signed it is for `openssl ts -verify`. Null for anything else; never throws on hostile input. */
export function timeStampOf(token: Uint8Array): TimeStamp | null {
  const bytes = Buffer.from(token);
  // The content lies in the token at one place, and is told by its object identifier: ContentInfo, SignedData and what is around them have no say in what was stamped.
  const at = bytes.indexOf(TST_INFO);
  if (at < 0) return null;
  try {
    return infoOf(next(next(bytes.subarray(at + TST_INFO.length), CONTENT).body, OCTETS).body);
  } catch {
    return null;
  }
}

const tlv = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  // Nothing of a request is as long as would need the long form.
  if (body.length >= LONG_FORM) throw new RangeError('an element of a request is too long');
  return Buffer.concat([Buffer.of(tag, body.length), body]);
};
const ONE = Buffer.of(1);
const [NULL, BOOLEAN, TRUE] = [Buffer.of(0x05, 0), 0x01, Buffer.of(0xff)] as const;
const POSITIVE = 0x7f;

/** A nonce as the one DER form of a positive number: its first bit is not set, and its first byte is not zero. */
const positive = (nonce: Uint8Array): Buffer => Buffer.from(nonce.map((byte, place) => (place === 0 ? Math.max(1, byte & POSITIVE) : byte)));

/** Asks an authority for a stamp of a SHA-256, with its certificate in it. Source: RFC 3161, section 2.4.1. */
export function timeStampRequest(imprint: string, nonce: Uint8Array): Buffer {
  const algorithm = tlv(SEQUENCE, SHA256, NULL);
  return tlv(SEQUENCE, tlv(INTEGER, ONE), tlv(SEQUENCE, algorithm, tlv(OCTETS, Buffer.from(imprint, 'hex'))), tlv(INTEGER, positive(nonce)), tlv(BOOLEAN, TRUE));
}

/** Granted, and granted with changes. */
const GRANTED = new Set([0, 1]);

/**
 * The token in an answer of an authority, once it is the one that was asked for.
 * Errors: throws Error with what is wrong: refused, of other bytes, or an answer to another question.
 */
export function tokenOf(answer: Uint8Array, asked: { readonly imprint: string; readonly nonce: Uint8Array }): { readonly token: Buffer; readonly at: string } {
  let [status, token]: [number | undefined, Buffer] = [undefined, Buffer.alloc(0)];
  try {
    const whole = next(Buffer.from(answer), SEQUENCE);
    const told = next(whole.body, SEQUENCE);
    [status, token] = [next(told.body, INTEGER).body[0], told.rest];
  } catch {
    throw new Error('its answer is no time stamp');
  }
  if (status === undefined || !GRANTED.has(status)) throw new Error(`it refused to stamp, with status ${status}`);
  const stamp = timeStampOf(token);
  if (stamp === null) throw new Error('its answer is no time stamp');
  if (stamp.imprint !== asked.imprint) throw new Error('its time stamp is of something else');
  if (stamp.nonce !== positive(asked.nonce).toString('hex')) throw new Error('its time stamp answers another question');
  return { token, at: stamp.at };
}

/** What is stamped of a signed head: its canonical JSON, with the signature. */
export const stampedBytes = ({ payload, keyId, signature }: SignedCheckpoint): string => canonicalJson({ payload, keyId, signature });
