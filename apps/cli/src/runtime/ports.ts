import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { z } from 'zod';
import { CommandFailure } from '../failure.js';
import type { Layout } from './layout.js';

const kept = z.object({ bus: z.number().int(), database: z.number().int() });

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}

async function freeNear(wanted: number): Promise<number> {
  const port = (await tryPort(wanted)) ?? (await tryPort(0));
  if (port === null) throw new CommandFailure('no port of the loopback is free', 'end some of the programs that listen');
  return port;
}

export interface Ports {
  readonly console: number;
  readonly bus: number;
  readonly database: number;
}

/** The ports of a runtime: the console's is the operator's choice, the others stay the same from start to start while they are free. */
export async function choosePorts(layout: Pick<Layout, 'ports'>, consolePort: number): Promise<Ports> {
  if ((await tryPort(consolePort)) === null) throw new CommandFailure(`port ${consolePort} is taken by another program`, 'choose another one with --port');
  const before = kept.safeParse(await readFile(layout.ports, 'utf8').then(JSON.parse, () => null));
  const bus = await freeNear(before.success ? before.data.bus : consolePort + 1);
  const database = await freeNear(before.success ? before.data.database : consolePort + 2);
  await writeFile(layout.ports, `${JSON.stringify({ bus, database })}\n`);
  return { console: consolePort, bus, database };
}
