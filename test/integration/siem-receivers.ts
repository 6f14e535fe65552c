import { readFile } from 'node:fs/promises';
import { createServer as createHttp, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTls, type Server as TlsServer, type TLSSocket } from 'node:tls';
import type { CertificateFiles } from '@mailwarden/identity';

/** Ends a server at once, with all that is connected to it. */
const cut = async (server: HttpServer | TlsServer, sockets: Set<Socket>): Promise<void> => {
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
};

/** A syslog receiver that counts bytes as RFC 5425 says, and keeps each message. */
export class SyslogSink {
  readonly messages: string[] = [];
  readonly #sockets = new Set<Socket>();
  #server: TlsServer | null = null;
  port = 0;
  /** Connections that ended after a part of a frame. */
  brokenFrames = 0;

  constructor(private readonly files: CertificateFiles & { readonly clientCa?: string }) {}

  async start(): Promise<void> {
    const [cert, key] = await Promise.all([readFile(this.files.cert), readFile(this.files.key)]);
    const client = this.files.clientCa === undefined ? {} : { ca: await readFile(this.files.clientCa), requestCert: true, rejectUnauthorized: true };
    const server = createTls({ cert, key, ...client }, (socket) => this.#read(socket));
    server.on('connection', (socket: Socket) => this.#sockets.add(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (this.#server !== null) await cut(this.#server, this.#sockets);
    this.#server = null;
  }

  /** Cuts what is connected now. */
  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  #read(socket: TLSSocket): void {
    let waiting = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      for (let blank = waiting.indexOf(' '); blank > 0; blank = waiting.indexOf(' ')) {
        const length = Number(waiting.subarray(0, blank).toString());
        if (waiting.length < blank + 1 + length) return;
        this.messages.push(waiting.subarray(blank + 1, blank + 1 + length).toString());
        waiting = waiting.subarray(blank + 1 + length);
      }
    });
    socket.on('close', () => {
      if (waiting.length > 0) this.brokenFrames += 1;
    });
  }
}

/** What an HTTP receiver does with a request: takes it, or something worse. */
export type Mood = 'take' | 'slow' | 500 | 429 | 401 | 'cut-before' | 'cut-after' | 'half-answer' | 'picky';

/** An HTTP receiver whose mood is set; it keeps the lines that it took. */
export class HttpSink {
  /** Lines of batches that were answered with 200. */
  readonly lines: string[] = [];
  /** What it had read when it did not answer well. */
  readonly seen: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  mood: Mood = 'take';
  requests = 0;
  port = 0;
  readonly #sockets = new Set<Socket>();
  #server: HttpServer | null = null;

  async start(): Promise<void> {
    const server = createHttp((request, response) => void this.#answer(request, response).catch(() => undefined));
    server.on('connection', (socket: Socket) => this.#sockets.add(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (this.#server !== null) await cut(this.#server, this.#sockets);
    this.#server = null;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    this.authorizations.push(request.headers.authorization);
    const mood = this.mood;
    if (mood === 'cut-before') return void request.socket.destroy();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const lines = request.headers['content-type'] === 'application/json' ? (JSON.parse(body) as unknown[]).map((item) => JSON.stringify(item)) : body.split('\n').slice(0, -1);
    if (mood === 'picky' && lines.some((line) => line.includes('poison'))) return void response.writeHead(400).end();
    if (mood === 500 || mood === 401) return void response.writeHead(mood).end();
    if (mood === 429) return void response.writeHead(429, { 'retry-after': '1' }).end();
    if (mood === 'cut-after') {
      this.seen.push(...lines);
      return void request.socket.destroy();
    }
    if (mood === 'half-answer') {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      this.seen.push(...lines);
      return void setImmediate(() => request.socket.destroy());
    }
    if (mood === 'slow') return void this.seen.push(...lines); // Never answered: the client has to give up.
    this.lines.push(...lines);
    response.writeHead(200).end('ok');
  }
}
