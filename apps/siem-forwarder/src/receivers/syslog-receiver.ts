import { connect, type TLSSocket } from 'node:tls';
import { framed } from '@mailwarden/siem-formats';
import type { SyslogReceiverSettings } from '../forwarder-settings.js';
import { tlsIdentity } from './tls-identity.js';
import type { Answer, EncodedEvent, Receiver } from './receiver.js';

const CONNECT_MS_MAX = 10_000;
const WRITE_MS_MAX = 30_000;
const KEEP_ALIVE_MS = 10_000;

/** A connection, and whether it has come to its end. */
interface Line {
  readonly socket: TLSSocket;
  /** Resolves with the reason when the connection is no more. */
  readonly ended: Promise<string>;
  broken: string | null;
}

const codeOf = (cause: Error): string => (cause as NodeJS.ErrnoException).code ?? cause.message;

async function opened({ host, port, ca, serverName, cert, key }: SyslogReceiverSettings): Promise<Line> {
  const identity = await tlsIdentity({ ca, cert, key });
  return new Promise((resolve, reject) => {
    // The name in the certificate is compared with `servername`, or with the host where none is given.
    const socket = connect({ host, port, ...identity, ...(serverName === undefined ? {} : { servername: serverName }), minVersion: 'TLSv1.2', timeout: CONNECT_MS_MAX });
    let told: (why: string) => void = () => undefined;
    const ended = new Promise<string>((resolveEnd) => (told = resolveEnd));
    const line: Line = { socket, ended, broken: null };
    const end = (why: string): void => {
      line.broken ??= why;
      told(why);
      socket.destroy();
      reject(new Error(why));
    };
    socket.once('secureConnect', () => {
      socket.setTimeout(0);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      resolve(line);
    });
    socket.on('error', (cause) => end(codeOf(cause)));
    socket.on('timeout', () => end('no connection in time'));
    socket.on('end', () => end('the receiver closed the connection'));
    socket.on('close', () => end('the connection was closed'));
    // A receiver says nothing; reading is what shows that it has gone.
    socket.resume();
  });
}

const within = <T>(ms: number, otherwise: T): { readonly promise: Promise<T>; readonly cancel: () => void } => {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<T>((resolve) => (timer = setTimeout(() => resolve(otherwise), ms)));
  return { promise, cancel: () => clearTimeout(timer) };
};

/**
 * Syslog over TLS. Source: RFC 5424, RFC 5425.
 * The protocol has no acknowledgement: a batch counts as taken when all of it has left this process and the connection has stood for a while afterwards. What lay in the receiver's own buffers when it died is lost.
 */
export class SyslogReceiver implements Receiver {
  #line: Line | null = null;

  constructor(private readonly settings: SyslogReceiverSettings) {}

  async deliver(events: readonly EncodedEvent[]): Promise<Answer> {
    try {
      if (this.#line === null || this.#line.broken !== null) this.#line = await opened(this.settings);
    } catch (cause) {
      return { kind: 'away', why: cause instanceof Error ? cause.message : 'no connection' };
    }
    const why = await this.#write(this.#line, Buffer.concat(events.map(({ syslog }) => framed(syslog))));
    if (why === null) return { kind: 'taken' };
    this.close();
    return { kind: 'away', why };
  }

  close(): void {
    this.#line?.socket.destroy();
    this.#line = null;
  }

  /** Null when the bytes have left and the connection stood. */
  async #write({ socket, ended }: Line, bytes: Uint8Array): Promise<string | null> {
    const late = within(WRITE_MS_MAX, 'the receiver takes nothing');
    const written = new Promise<string | null>((resolve) => socket.write(bytes, (cause) => resolve(cause instanceof Error ? codeOf(cause) : null)));
    const why = await Promise.race([written, ended, late.promise]);
    late.cancel();
    if (why !== null || this.settings.settleMs === 0) return why;
    const settled = within(this.settings.settleMs, null);
    const after = await Promise.race([ended, settled.promise]);
    settled.cancel();
    return after;
  }
}

