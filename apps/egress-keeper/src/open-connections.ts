import { readFileSync } from 'node:fs';
import { MAIL_PORTS } from '@mailwarden/contracts';
import { heldBy, SEEN_DESTINATIONS_MAX, type Destination } from '@mailwarden/egress';

const LISTENING = '0A';
/** Connections that stand, or are being made. Source: linux/tcp_states.h. */
const OPEN: ReadonlySet<string> = new Set(['01', '02']);
const WORD_HEX = 8;

/** One line of the kernel's list of sockets. */
interface Socket {
  readonly localPort: number;
  readonly address: string;
  readonly port: number;
  readonly state: string;
  readonly account: number;
}

/** Words of four bytes, each in the byte order of this machine. Source: proc_net(5); Linux servers that this runs on are little-endian. */
function addressFrom(hex: string): string {
  const words = hex.match(new RegExp(`.{${WORD_HEX}}`, 'g')) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)));
  if (bytes.length === 4) return bytes.join('.');
  return Array.from({ length: 8 }, (_, group) => (((bytes[group * 2] ?? 0) << 8) | (bytes[group * 2 + 1] ?? 0)).toString(16)).join(':');
}

function socketFrom(line: string): Socket | null {
  const [, local = '', remote = '', state = '', , , , account = ''] = line.trim().split(/\s+/);
  const [, localPort = ''] = local.split(':');
  const [address = '', port = ''] = remote.split(':');
  if (!/^\d+$/.test(account) || port === '') return null;
  return { localPort: Number.parseInt(localPort, 16), address: addressFrom(address), port: Number.parseInt(port, 16), state, account: Number(account) };
}

const DNS_PORT = 53;
const LOOPBACK = ['127.0.0.0/8', '::1'];

/** What the filter lets through before it looks at anything else: relays, and name servers where names are asked. */
interface LetThrough {
  readonly relays: readonly string[];
  readonly resolvers: readonly string[];
}

/**
 * Connections that accounts made, from the kernel's lists of TCP sockets. One on a port where anybody listens came from outside, and is none of their own.
 * Privacy: of mail nothing is remembered.
 */
export function connectionsFrom(lists: readonly string[], accounts: ReadonlySet<number>, { relays, resolvers }: LetThrough = { relays: [], resolvers: [] }): Destination[] {
  const sockets = lists.flatMap((text) => text.split('\n').slice(1).flatMap((line) => socketFrom(line) ?? []));
  const served = new Set(sockets.filter(({ state }) => state === LISTENING).map(({ localPort }) => localPort));
  const [isRelay, isResolver] = [heldBy([...LOOPBACK, ...relays]), heldBy(resolvers)];
  const passes = ({ address, port }: Socket): boolean => isRelay(address) || (port === DNS_PORT && isResolver(address));
  const isMail = ({ port, localPort }: Socket): boolean => MAIL_PORTS.includes(port) || MAIL_PORTS.includes(localPort);
  const open = sockets
    .filter((socket) => accounts.has(socket.account) && OPEN.has(socket.state) && socket.port !== 0 && !served.has(socket.localPort) && !isMail(socket) && !passes(socket))
    .map(({ account, address, port }): Destination => ({ account, address, protocol: 'tcp', port }));
  return [...new Map(open.map((one) => [`${one.account} ${one.address} ${one.port}`, one])).values()].slice(0, SEEN_DESTINATIONS_MAX);
}

/** What was open before the filter stood, in the network that this process is in. */
export function openConnections(accounts: ReadonlySet<number>, letThrough: LetThrough): Destination[] {
  const lists = ['/proc/self/net/tcp', '/proc/self/net/tcp6'].flatMap((path) => {
    try {
      return [readFileSync(path, 'latin1')];
    } catch {
      return []; // A kernel without IPv6 has no list of it.
    }
  });
  return connectionsFrom(lists, accounts, letThrough);
}
