import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { Metrics } from './metrics.js';
import type { ServiceHealth, Verdict } from './service-health.js';

/** Switches the door off. */
const OFF = 'off';
const UNIX = 'unix:';
const REQUEST_MS_MAX = 10_000;
const HEADERS_BYTES_MAX = 4_096;
const TEXT = 'application/json; charset=utf-8';

export interface TelemetryDoor {
  /** Where it answers: `127.0.0.1:9461` or `unix:/path`; null where it is switched off. */
  readonly address: string | null;
  close(): Promise<void>;
}

/** `host:port` with an address of the machine, or `unix:/path`. Errors: throws when it is neither. */
function listenOptions(listen: string): { path: string } | { host: string; port: number } {
  if (listen.startsWith(`${UNIX}/`)) return { path: listen.slice(UNIX.length) };
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([0-9a-z.-]+)):(\d{1,5})$/i.exec(listen) ?? [];
  const host = bracketed ?? plain ?? '';
  if ((isIP(host) === 0 && host !== 'localhost') || Number(port) > 65_535) throw new Error(`MAILWARDEN_TELEMETRY_LISTEN is ${listen}; write an address and a port, as 127.0.0.1:9461, a socket, as unix:/run/mailwarden/reporting.sock, or off`);
  return { host, port: Number(port) };
}

const tell = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  response.end(body);
};

const judged = (response: ServerResponse, { well, because }: Verdict, word: string): void => tell(response, well ? 200 : 503, TEXT, JSON.stringify({ status: well ? word : `not ${word}`, because }));

/** Privacy: what is answered here are counts and words of ours; it needs no sign-in, and is meant for the machine itself. */
async function answer(request: IncomingMessage, response: ServerResponse, parts: { readonly metrics: Metrics; readonly health: ServiceHealth }): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return tell(response, 405, TEXT, '{"status":"only GET"}');
  switch (request.url?.split('?')[0]) {
    case '/metrics':
      return tell(response, 200, parts.metrics.contentType, await parts.metrics.read());
    case '/health/live':
      return judged(response, parts.health.live(), 'alive');
    case '/health/ready':
      return judged(response, await parts.health.ready(), 'ready');
    default:
      return tell(response, 404, TEXT, '{"status":"there is /metrics, /health/live and /health/ready"}');
  }
}

const addressOf = (server: Server): string => {
  const address = server.address();
  if (address === null || typeof address === 'string') return `${UNIX}${address ?? ''}`;
  return `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
};

/** Opens the door that Prometheus and whoever supervises the process ask at. Errors: rejects when the address is wrong or taken. */
export async function openTelemetryDoor(listen: string | undefined, parts: { readonly metrics: Metrics; readonly health: ServiceHealth }): Promise<TelemetryDoor> {
  if (listen === undefined || listen === OFF) return { address: null, close: () => Promise.resolve() };
  const options = listenOptions(listen);
  const server = createServer({ requestTimeout: REQUEST_MS_MAX, headersTimeout: REQUEST_MS_MAX, maxHeaderSize: HEADERS_BYTES_MAX }, (request, response) => {
    answer(request, response, parts).catch(() => (response.headersSent ? response.destroy() : tell(response, 500, TEXT, '{"status":"failed"}')));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(new Error(`MAILWARDEN_TELEMETRY_LISTEN: nothing can listen at ${listen} (${cause.code ?? 'unknown'}); choose another address, or off`, { cause })));
    server.listen(options, resolve);
  });
  return {
    address: addressOf(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
