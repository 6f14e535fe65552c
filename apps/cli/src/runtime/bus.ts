import { accessSync, constants, mkdirSync } from 'node:fs';
import { createConnection, isIPv6 } from 'node:net';
import { delimiter, join } from 'node:path';
import { natsServerConfig, writePrivate, type IdentityFiles } from '@mailwarden/identity';
import { connectBus, ensureSubscriber, ensureTopology } from '@mailwarden/messaging';
import { CommandFailure } from '../failure.js';
import { INSTALLATION, type Layout } from './layout.js';
import type { Ports } from './ports.js';
import type { ProcessPlan } from './supervised-process.js';

const TRY_EVERY_MS = 25;
const READY_MS_MAX = 30_000;
const SETPRIV = '/usr/bin/setpriv';

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The broker's program: what `bin/mailwarden` provisioned, else one from PATH. */
function findNatsServer(): string {
  const named = process.env['MAILWARDEN_NATS_SERVER'];
  const own = ['usr/sbin', 'usr/bin'].map((folder) => join(INSTALLATION, '.tools/nats', folder, 'nats-server'));
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'nats-server'));
  const found = [...(named === undefined ? [] : [named]), ...own, ...onPath].find(isProgram);
  if (found === undefined) throw new CommandFailure('nats-server is not installed', 'start with bin/mailwarden, which fetches it, or put nats-server 2.10.23 or newer into PATH');
  return found;
}

const listens = ({ bus, busAddress }: Ports): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host: busAddress, port: bus }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

async function untilListening(ports: Ports, isAlive: () => boolean): Promise<void> {
  for (const until = Date.now() + READY_MS_MAX; isAlive() && Date.now() < until; ) {
    if (await listens(ports)) return;
    await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
  }
  throw new Error('nats-server did not begin to listen');
}

export const busUrl = ({ bus, busAddress }: Ports): string => `tls://${isIPv6(busAddress) ? `[${busAddress}]` : busAddress}:${bus}`;

/** The broker as a process: JetStream with every acknowledged message on disk, TLS, one account for each side. */
export async function busProcess(layout: Layout, identity: IdentityFiles, ports: Ports): Promise<ProcessPlan> {
  mkdirSync(layout.bus, { recursive: true, mode: 0o700 });
  const config = join(layout.bus, 'nats-server.conf');
  await writePrivate(config, natsServerConfig({ host: ports.busAddress, port: ports.bus, storeDir: join(layout.bus, 'jetstream'), accountsDir: join(layout.bus, 'accounts'), pidFile: join(layout.bus, 'nats-server.pid'), certificates: identity.certificates, tokens: identity.tokens }));
  const command = [findNatsServer(), '-c', config];
  // Told when the runtime is gone, so that a killed one leaves no broker behind.
  return { name: 'nats-server', command: isProgram(SETPRIV) ? [SETPRIV, '--pdeathsig', 'TERM', ...command] : command, env: {}, stopSignal: 'SIGTERM', ready: (isAlive) => untilListening(ports, isAlive) };
}

/** Makes streams, buckets and consumers, those of subscribers among them. */
export async function prepareBus(identity: IdentityFiles, ports: Ports): Promise<void> {
  const address = { url: busUrl(ports), caFile: identity.certificates.ca, name: 'mailwarden-runtime' };
  const control = await connectBus({ ...address, credsFile: identity.services.reporting.creds });
  try {
    await ensureTopology(control);
    for (const subscriber of identity.subscribers) await ensureSubscriber(control, subscriber);
  } finally {
    await control.close();
  }
}
