import { encodedPool, ENCODED_LINE_BYTES, type Chance } from '../chance.js';
import { address, clientIp } from './mail-addresses.js';

/** One letter as it lies in a store, with what the product's tables say of it. */
export interface Letter {
  readonly bytes: Buffer;
  readonly messageId: string;
  readonly sender: string;
  readonly recipient: string;
  readonly subject: string;
  readonly clientIp: string;
}

const SUBJECTS = ['Your order', 'Invoice', 'Minutes of the meeting', 'Fwd: holiday plan', 'Re: contract, second draft', 'Newsletter', 'Undelivered: your message', 'Rechnung für März', 'Заказ', '=HYPERLINK("http://example.net","open")', '<script>alert(1)</script>', 'Re: ""; DROP TABLE letters; --'] as const;
const SENTENCES = ['Please find the document attached.', 'This is a sample letter of the demo fleet.', 'The next meeting is on Tuesday.', 'Let me know whether the figures are right.', 'This letter was sent to you because you are on the list.'] as const;
const ATTACHMENTS = [['application/pdf', 'invoice.pdf'], ['image/png', 'picture.png'], ['application/zip', 'drawings.zip'], ['application/octet-stream', '..\\..\\run.exe'], ['text/csv', '=cmd.csv']] as const;
/** Smaller letters come without an attachment. Units: bytes. */
const ATTACHMENT_FROM_BYTES = 3_000;
/** Room that headers and text take. Units: bytes. */
const ENVELOPE_BYTES = 1_200;
/** Lengths vary around the mean: most letters are small, some are large. */
const SMALL_SHARE = 0.7;

const encodedWord = (text: string): string => (/^[\x20-\x7e]*$/.test(text) ? text : `=?utf-8?B?${Buffer.from(text, 'utf8').toString('base64')}?=`);

/** A length around a mean. Units: bytes. */
export function letterBytes(chance: Chance, mean: number): number {
  return Math.round(mean * (chance.next() < SMALL_SHARE ? 0.1 + 0.7 * chance.next() : 1 + 2.56 * chance.next()));
}

function attachmentBody(chance: Chance, bytes: number): Buffer {
  const pool = encodedPool();
  const poolLines = Math.floor(pool.length / ENCODED_LINE_BYTES);
  const lines = Math.min(Math.ceil(bytes / ENCODED_LINE_BYTES), poolLines);
  const from = chance.integer(0, poolLines - lines) * ENCODED_LINE_BYTES;
  return pool.subarray(from, from + lines * ENCODED_LINE_BYTES);
}

/** Composes a multipart letter of about the wanted length, dated when it arrived. Units: bytes, milliseconds since 1970. */
export function composeMail(chance: Chance, wanted: { readonly bytes: number; readonly atMs: number }): Letter {
  const [sender, recipient, ip, subject] = [address(chance), address(chance), clientIp(chance), chance.pick(SUBJECTS)];
  const messageId = `${chance.hex(16)}@example.org`;
  const boundary = `=_demo_${chance.hex(12)}`;
  const head = [
    `Return-Path: <${sender}>`,
    `Received: from [${ip}] by mail.example.org with ESMTPS id ${chance.hex(10)}; ${new Date(wanted.atMs).toUTCString()}`,
    `Date: ${new Date(wanted.atMs).toUTCString()}`,
    `From: <${sender}>`,
    `To: <${recipient}>`,
    `Subject: ${encodedWord(subject)}`,
    `Message-ID: <${messageId}>`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    '',
    ...Array.from({ length: chance.integer(2, 8) }, () => chance.pick(SENTENCES)),
    '',
  ].join('\r\n');
  const parts: Buffer[] = [Buffer.from(head, 'utf8')];
  if (wanted.bytes >= ATTACHMENT_FROM_BYTES) {
    const [type, name] = chance.pick(ATTACHMENTS);
    parts.push(Buffer.from(`--${boundary}\r\nContent-Type: ${type}\r\nContent-Disposition: attachment; filename="${name.replaceAll('\\', '\\\\')}"\r\nContent-Transfer-Encoding: base64\r\n\r\n`), attachmentBody(chance, wanted.bytes - ENVELOPE_BYTES));
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`));
  return { bytes: Buffer.concat(parts), messageId, sender, recipient, subject, clientIp: ip };
}
