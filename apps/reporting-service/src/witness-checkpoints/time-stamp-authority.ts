import { randomBytes } from 'node:crypto';
import { stampedBytes, timeStampRequest, tokenOf, type SignedCheckpoint } from '@mailwarden/evidence-pack';
import { sha256 } from '@mailwarden/kernel';
import { appendLine } from './witness-file.js';
import { TELL_MS_MAX, type Witness } from './witness.js';

/** Longest answer of an authority that is read. Units: bytes. */
const ANSWER_BYTES_MAX = 65_536;
const NONCE_BYTES = 8;
const MINUTE_MS = 60_000;

/** What an answer holds, read no further than its bound. Errors: throws where it is longer. */
async function boundedAnswer(answer: Response): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += piece.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error('its answer is longer than a time stamp');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/**
 * A time-stamp authority: says with its own key that a head was there at that time. Source: RFC 3161.
 * Shape: each token goes to a file, beside the head that it is of; in base64, as DER.
 */
export class TimeStampAuthority implements Witness {
  readonly name = 'time-stamps';
  readonly everyMs: number;

  constructor(private readonly settings: { readonly url: string; readonly file: string; readonly everyMinutes: number }) {
    this.everyMs = settings.everyMinutes * MINUTE_MS;
  }

  async tell(head: SignedCheckpoint): Promise<void> {
    const { url, file } = this.settings;
    const imprint = sha256(stampedBytes(head));
    const nonce = randomBytes(NONCE_BYTES);
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/timestamp-query' }, body: timeStampRequest(imprint, nonce), redirect: 'error', signal: AbortSignal.timeout(TELL_MS_MAX) });
    if (!answer.ok) {
      await answer.body?.cancel();
      throw new Error(`it answered ${answer.status}`);
    }
    const { token, at } = tokenOf(await boundedAnswer(answer), { imprint, nonce });
    await appendLine(file, JSON.stringify({ ...head, stampedAt: at, token: token.toString('base64') }));
  }
}
