import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { z } from 'zod';
import { CommandFailure } from '../failure.js';
import type { Layout } from './layout.js';

const LOOPBACK = '127.0.0.1';

const kept = z.object({ bus: z.number().int(), database: z.number().int() });

function tryPort(port: number, address = LOOPBACK): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, address, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}

async function freeNear(wanted: number, address = LOOPBACK): Promise<number> {
  const port = (await tryPort(wanted, address)) ?? (await tryPort(0, address));
  if (port === null) throw new CommandFailure(`nothing can listen on ${address}`, address === LOOPBACK ? 'end some of the programs that listen' : 'name an address of this machine, or end some of the programs that listen on it');
  return port;
}

export interface Ports {
  readonly console: number;
  readonly bus: number;
  readonly database: number;
  /** Address that the bus listens on; everything else keeps to the loopback. */
  readonly busAddress: string;
}

/** The ports of a runtime: the console's is the operator's choice, the others stay the same from start to start while they are free. */
export async function choosePorts(layout: Pick<Layout, 'ports'>, consolePort: number, busAddress: string): Promise<Ports> {
  if ((await tryPort(consolePort)) === null) throw new CommandFailure(`port ${consolePort} is taken by another program`, 'choose another one with --port');
  const before = kept.safeParse(await readFile(layout.ports, 'utf8').then(JSON.parse, () => null));
  const bus = await freeNear(before.success ? before.data.bus : consolePort + 1, busAddress);
  const database = await freeNear(before.success ? before.data.database : consolePort + 2);
  await writeFile(layout.ports, `${JSON.stringify({ bus, database })}\n`);
  return { console: consolePort, bus, database, busAddress };
}
