import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { natsServerConfig, provisionIdentity } from '@mailwarden/identity';
import { freePort, type RunningNats } from '@mailwarden/testing';
import { NatsContainer } from '@testcontainers/nats';
import { getContainerRuntimeClient } from 'testcontainers';
import type { ContainerSettings } from './container-settings.js';
import { revivalOf } from './revival.js';

const CLIENT_PORT = 4222;
const OWNER_ONLY = 0o600;
const INSIDE = { config: '/mailwarden/nats.conf', ca: '/mailwarden/ca.pem', cert: '/mailwarden/bus.pem', key: '/mailwarden/bus-key.pem', storeDir: '/mailwarden-jetstream', accountsDir: '/mailwarden-accounts', pidFile: '/nats.pid' } as const;

/** The broker in a container, with the product's own accounts and certificates. It keeps its port and its data when it is killed and started again. */
export async function startNatsContainer(settings: ContainerSettings, servers: readonly string[]): Promise<RunningNats> {
  const dir = await mkdtemp(join(tmpdir(), 'mailwarden-containers-'));
  const { host } = (await getContainerRuntimeClient()).info.containerRuntime;
  const identity = await provisionIdentity({ dir, servers, hosts: ['127.0.0.1', 'localhost', host] });
  const { certificates, tokens } = identity;
  const config = natsServerConfig({ host: '0.0.0.0', port: CLIENT_PORT, storeDir: INSIDE.storeDir, accountsDir: INSIDE.accountsDir, pidFile: INSIDE.pidFile, certificates: { ca: INSIDE.ca, cert: INSIDE.cert, key: INSIDE.key }, tokens });
  const started = await new NatsContainer(settings.nats)
    .withArg('--config', INSIDE.config)
    .withExposedPorts({ container: CLIENT_PORT, host: await freePort() })
    .withCopyFilesToContainer([
      { source: certificates.cert, target: INSIDE.cert, mode: OWNER_ONLY },
      { source: certificates.key, target: INSIDE.key, mode: OWNER_ONLY },
    ])
    .withCopyContentToContainer([{ content: config, target: INSIDE.config, mode: OWNER_ONLY }])
    .withLabels(settings.labels)
    .withAutoCleanup(false)
    .start();
  return {
    ...(await revivalOf(started)),
    url: `tls://${started.getHost()}:${started.getMappedPort(CLIENT_PORT)}`,
    identity,
    stop: async () => {
      await started.stop({ timeout: 0 });
      await rm(dir, { recursive: true, force: true });
    },
  };
}
