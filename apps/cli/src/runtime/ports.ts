import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { writePrivate, type ServiceName } from '@mailwarden/identity';
import { z } from 'zod';
import { CommandFailure } from '../failure.js';
import type { Layout } from './layout.js';

const LOOPBACK = '127.0.0.1';

const port = z.number().int();
const kept = z.object({ bus: port, database: port });
const keptTelemetry = z.object({ telemetry: z.object({ reporting: port, rotation: port, consent: port }) });

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
  /** Where each service tells of itself. */
  readonly telemetry: Readonly<Record<ServiceName, number>>;
}

/** The ports of a runtime: the console's is the operator's choice, the others stay the same from start to start while they are free. */
export async function choosePorts(layout: Pick<Layout, 'ports'>, consolePort: number, busAddress: string): Promise<Ports> {
  if ((await tryPort(consolePort)) === null) throw new CommandFailure(`port ${consolePort} is taken by another program`, 'choose another one with --port');
  const written: unknown = await readFile(layout.ports, 'utf8').then(JSON.parse, () => null);
  const before = kept.safeParse(written);
  const told = keptTelemetry.safeParse(written);
  const bus = await freeNear(before.success ? before.data.bus : consolePort + 1, busAddress);
  const database = await freeNear(before.success ? before.data.database : consolePort + 2);
  const near = (service: ServiceName, offset: number): Promise<number> => freeNear(told.success ? told.data.telemetry[service] : consolePort + offset);
  const telemetry = { reporting: await near('reporting', 3), rotation: await near('rotation', 4), consent: await near('consent', 5) };
  await writePrivate(layout.ports, `${JSON.stringify({ bus, database, telemetry })}\n`);
  return { console: consolePort, bus, database, busAddress, telemetry };
}
