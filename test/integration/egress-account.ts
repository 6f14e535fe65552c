/**
 * A process of one account that speaks when told to, one JSON command a line on standard input, one answer a line. It takes on the account before it opens anything, so that what it sends is the account's.
 * Everything it listens on answers with what it was sent.
 */
import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';

/** Of a server, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}
export type Command =
  | { readonly op: 'listen'; readonly protocol: 'tcp' | 'udp'; readonly port: number }
  | { readonly op: 'listen'; readonly protocol: 'tls'; readonly port: number; readonly certificate: Certificate }
  /** Over TLS where `authority` is the certificate that the far side is checked by. */
  | { readonly op: 'open'; readonly name: string; readonly host: string; readonly port: number; readonly authority?: string }
  | { readonly op: 'say'; readonly name: string }
  | { readonly op: 'flash'; readonly host: string; readonly port: number }
  | { readonly op: 'datagram'; readonly host: string; readonly port: number }
  | { readonly op: 'names'; readonly addresses: Readonly<Record<string, readonly string[]>> };
/** `done`, `answered`, `silent`, or the kernel's name of an error. */
export interface Answer {
  readonly outcome: string;
  readonly ms: number;
}

/** Longer than anything here takes on a busy machine. Units: milliseconds. */
const PATIENCE_MS = 4_000;
const TEXT = 'hello';
const connections = new Map<string, Socket>();

const codeOf = (cause: Error): string => (cause as NodeJS.ErrnoException).code ?? cause.message;
const first = (begin: (settle: (outcome: string) => void) => void): Promise<string> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve('silent'), PATIENCE_MS);
    begin((outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    });
  });

const opened = (name: string, host: string, port: number, authority?: string): Promise<string> =>
  first((settle) => {
    // The address is no name of the certificate; who signed it is what is checked.
    const socket = authority === undefined ? connect({ host, port, noDelay: true }) : connectTls({ host, port, ca: authority, checkServerIdentity: () => undefined });
    connections.set(name, socket);
    socket.once(authority === undefined ? 'connect' : 'secureConnect', () => settle('done')).on('error', (cause) => settle(codeOf(cause)));
  });

const said = (name: string): Promise<string> =>
  first((settle) => {
    const socket = connections.get(name);
    if (socket === undefined || socket.destroyed) return settle('closed');
    socket.once('data', () => settle('answered')).once('error', (cause) => settle(codeOf(cause))).once('close', () => settle('closed'));
    socket.write(TEXT);
  });

async function flashed(host: string, port: number): Promise<string> {
  const outcome = await opened('flash', host, port);
  connections.get('flash')?.end();
  return outcome;
}

const datagram = (host: string, port: number): Promise<string> =>
  first((settle) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const end = (outcome: string): void => {
      settle(outcome);
      socket.close();
    };
    socket.once('message', () => end('answered')).once('error', (cause) => end(codeOf(cause)));
    socket.send(TEXT, port, host, (cause) => cause !== null && end(codeOf(cause)));
  });

const listening = (protocol: 'tcp' | 'udp' | 'tls', port: number, certificate?: Certificate): Promise<string> =>
  first((settle) => {
    if (protocol === 'tls') {
      createTlsServer({ ...certificate }, (socket) => socket.on('error', () => undefined).pipe(socket)).once('error', (cause) => settle(codeOf(cause))).listen(port, '::', () => settle('done'));
      return;
    }
    if (protocol === 'tcp') {
      createServer((socket) => socket.on('error', () => undefined).pipe(socket)).once('error', (cause) => settle(codeOf(cause))).listen(port, '::', () => settle('done'));
      return;
    }
    const socket: Datagrams = createSocket('udp6');
    socket.on('message', (text, { address, port: back }) => socket.send(text, back, address)).once('error', (cause) => settle(codeOf(cause))).bind(port, '::', () => settle('done'));
  });

const DNS_PORT = 53;
const HEADER_BYTES = 12;
const TTL_SECONDS = 1;
let names: Readonly<Record<string, readonly string[]>> | null = null;

/** A name server's answer with the IPv4 addresses of the one name that is asked for; none for other names and kinds. Source: RFC 1035, 4.1. */
function answered(question: Buffer): Buffer {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  const asked = question.subarray(HEADER_BYTES, at + 5);
  const addresses = question.readUInt16BE(at + 1) === 1 ? (names?.[labels.join('.').toLowerCase()] ?? []) : [];
  const header = Buffer.from([question[0] ?? 0, question[1] ?? 0, 0x81, 0x80, 0, 1, 0, addresses.length, 0, 0, 0, 0]);
  const records = addresses.map((address) => Buffer.from([0xc0, HEADER_BYTES, 0, 1, 0, 1, 0, 0, 0, TTL_SECONDS, 0, 4, ...address.split('.').map(Number)]));
  return Buffer.concat([header, asked, ...records]);
}

function answersNames(addresses: Readonly<Record<string, readonly string[]>>): Promise<string> {
  const isFirst = names === null;
  names = addresses;
  if (!isFirst) return Promise.resolve('done');
  return first((settle) => {
    const socket = createSocket('udp4');
    socket.on('message', (question, { address, port }) => socket.send(answered(question), port, address)).once('error', (cause) => settle(codeOf(cause))).bind(DNS_PORT, '0.0.0.0', () => settle('done'));
  });
}

function carriedOut(command: Command): Promise<string> {
  switch (command.op) {
    case 'listen':
      return listening(command.protocol, command.port, 'certificate' in command ? command.certificate : undefined);
    case 'open':
      return opened(command.name, command.host, command.port, command.authority);
    case 'say':
      return said(command.name);
    case 'flash':
      return flashed(command.host, command.port);
    case 'datagram':
      return datagram(command.host, command.port);
    case 'names':
      return answersNames(command.addresses);
  }
}

const account = Number(process.argv[2]);
if (account !== 0) {
  process.setgroups?.([]);
  process.setgid?.(account);
  process.setuid?.(account);
}
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const beganMs = performance.now();
  const outcome = await carriedOut(JSON.parse(line) as Command);
  process.stdout.write(`${JSON.stringify({ outcome, ms: performance.now() - beganMs } satisfies Answer)}\n`);
}
process.exit();
