import { readFileSync } from 'node:fs';
import type { Destination } from '@mailwarden/egress';

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

/** Connections that accounts made, from the kernel's lists of TCP sockets. One on a port where the same account listens came from outside, and is none of its own. */
export function connectionsFrom(lists: readonly string[], accounts: ReadonlySet<number>): Destination[] {
  const sockets = lists.flatMap((text) => text.split('\n').slice(1).flatMap((line) => socketFrom(line) ?? [])).filter(({ account }) => accounts.has(account));
  const served = new Set(sockets.filter(({ state }) => state === LISTENING).map(({ account, localPort }) => `${account} ${localPort}`));
  return sockets
    .filter(({ state, account, localPort, port }) => OPEN.has(state) && port !== 0 && !served.has(`${account} ${localPort}`))
    .map(({ account, address, port }) => ({ account, address, protocol: 'tcp', port }));
}

/** What was open before the filter stood, in the network that this process is in. */
export function openConnections(accounts: ReadonlySet<number>): Destination[] {
  const lists = ['/proc/self/net/tcp', '/proc/self/net/tcp6'].flatMap((path) => {
    try {
      return [readFileSync(path, 'latin1')];
    } catch {
      return []; // A kernel without IPv6 has no list of it.
    }
  });
  return connectionsFrom(lists, accounts);
}
