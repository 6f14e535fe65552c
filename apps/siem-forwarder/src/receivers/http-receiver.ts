import { Agent, request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as SecureAgent, request as requestHttps } from 'node:https';
import { readGuardedBytes } from '@mailwarden/config';
import type { ForwarderSettings, HttpReceiverSettings } from '../forwarder-settings.js';
import { tlsIdentity } from './tls-identity.js';
import type { Answer, EncodedEvent, Receiver } from './receiver.js';

const AUTHORIZATION_BYTES_MAX = 16_384;
/** An answer says one word; what is longer is not read to its end. */
const ANSWER_BYTES_MAX = 65_536;
const MS_PER_SECOND = 1_000;
/** The receiver read the batch and will not have it: only then is something put aside. All other refusals are of us, and wait for somebody to mend the settings. */
const NEVER = new Set([400, 413, 415, 422]);

const TYPES: Readonly<Record<ForwarderSettings['format'], string>> = { mailwarden: 'application/x-ndjson', ocsf: 'application/x-ndjson', cef: 'text/plain; charset=utf-8' };

/** `Retry-After` in seconds; a date is not worth believing a foreign clock for. */
function retryAfter({ headers }: IncomingMessage): { retryAfterMs?: number } {
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * MS_PER_SECOND } : {};
}

function answerOf(response: IncomingMessage): Answer {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return { kind: 'taken' };
  if (NEVER.has(status)) return { kind: 'refused', why: `the receiver answered ${status}` };
  return { kind: 'away', why: `the receiver answered ${status}`, ...retryAfter(response) };
}

/** A batch as one POST; taken is what a whole answer of 2xx says. */
export class HttpReceiver implements Receiver {
  readonly #agents = { plain: new Agent({ keepAlive: true, maxSockets: 1 }), secure: new SecureAgent({ keepAlive: true, maxSockets: 1 }) };

  constructor(
    private readonly settings: HttpReceiverSettings,
    private readonly format: ForwarderSettings['format'],
  ) {}

  async deliver(events: readonly EncodedEvent[]): Promise<Answer> {
    const texts = events.map(({ text }) => text);
    const isArray = this.settings.body === 'array';
    const body = Buffer.from(isArray ? `[${texts.join(',')}]` : `${texts.join('\n')}\n`);
    try {
      return await this.#post(body, { 'content-type': isArray ? 'application/json' : TYPES[this.format], 'content-length': String(body.length), ...(await this.#authorization()) });
    } catch (cause) {
      return { kind: 'away', why: cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : 'no answer' };
    }
  }

  close(): void {
    this.#agents.plain.destroy();
    this.#agents.secure.destroy();
  }

  async #authorization(): Promise<{ authorization?: string }> {
    const { authorizationFile } = this.settings;
    if (authorizationFile === undefined) return {};
    return { authorization: (await readGuardedBytes(authorizationFile, AUTHORIZATION_BYTES_MAX, 'owner')).toString('utf8').trim() };
  }

  async #post(body: Buffer, headers: Record<string, string>): Promise<Answer> {
    const { url, timeoutMs } = this.settings;
    const isSecure = new URL(url).protocol === 'https:';
    const options: RequestOptions = { method: 'POST', headers, agent: isSecure ? this.#agents.secure : this.#agents.plain, signal: AbortSignal.timeout(timeoutMs) };
    const identity = isSecure ? await tlsIdentity(this.settings) : {};
    return new Promise((resolve, reject) => {
      const onResponse = (response: IncomingMessage): void => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX) response.destroy(new Error('the answer has no end'));
        });
        response.on('end', () => (response.complete ? resolve(answerOf(response)) : reject(new Error('the answer broke off'))));
        response.on('error', reject);
      };
      const asked = isSecure ? requestHttps(url, { ...options, ...identity }, onResponse) : requestHttp(url, options, onResponse);
      asked.on('error', reject);
      asked.end(body);
    });
  }
}
