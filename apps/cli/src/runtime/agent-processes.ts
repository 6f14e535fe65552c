import { loadHostSettings, QUIET_NODE_OPTIONS, STEADY_NODE_OPTIONS } from '@mailwarden/config';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivate, type IdentityFiles, type ServerFiles } from '@mailwarden/identity';
import { busUrl } from './bus.js';
import { programOf, type Layout } from './layout.js';
import type { Ports } from './ports.js';
import { nodeEnvironment } from './service-processes.js';
import type { ProcessPlan } from './supervised-process.js';
import type { WatchedServer } from './watched-servers.js';

const FOLDER_MODE = 0o700;

function filesOf(identity: IdentityFiles, server: WatchedServer): ServerFiles {
  const files = identity.servers.get(server.name);
  if (files === undefined) throw new TypeError(`${server.name} has no identity`);
  return files;
}

/** Writes the file that the reporting service enrols the fleet from. */
export async function writeFleetFile(layout: Layout, identity: IdentityFiles, servers: readonly WatchedServer[]): Promise<void> {
  const enrolled = servers.map((server) => {
    const files = filesOf(identity, server);
    return { server: server.name, labels: server.labels, profiles: server.profiles, agentKey: files.publicKey, executorKey: files.executorPublicKey };
  });
  await writePrivate(layout.fleetFile, `${JSON.stringify({ servers: enrolled }, null, 2)}\n`);
}

/** The executor keeps the network only where a product's database is reached by an address. */
const networkOf = async (root: string): Promise<'none' | 'host'> => (Object.values((await loadHostSettings(root)).databases).some(({ host }) => !host.startsWith('/')) ? 'host' : 'none');

/** Settings of one server's agent and executor, and the agent as a process. The executor is started by the agent, for one order at a time. */
export async function agentProcess(layout: Layout, identity: IdentityFiles, server: WatchedServer, ports: Ports): Promise<ProcessPlan> {
  const dir = layout.serverDir(server.name);
  const files = filesOf(identity, server);
  const at = (name: string): string => join(dir, name);
  for (const folder of ['spool', 'journal']) await mkdir(at(folder), { recursive: true, mode: FOLDER_MODE });
  await writePrivate(at('executor.json'), `${JSON.stringify({ server: server.name, root: server.root, trust: identity.trust, signingKey: files.executorKey, journalDir: at('journal'), hashKeyFile: files.hashKey, network: await networkOf(server.root) }, null, 2)}\n`);
  await writePrivate(
    at('agent.json'),
    `${JSON.stringify(
      {
        server: server.name,
        root: server.root,
        profiles: server.profiles,
        natsUrl: busUrl(ports),
        creds: files.creds,
        ca: identity.certificates.ca,
        signingKey: files.signingKey,
        trust: identity.trust,
        spoolDir: at('spool'),
        hashKeyFile: files.hashKey,
        executor: { command: [process.execPath, ...STEADY_NODE_OPTIONS, programOf('rotation-executor')], settings: at('executor.json') },
      },
      null,
      2,
    )}\n`,
  );
  return { name: `agent ${server.name}`, command: [process.execPath, ...QUIET_NODE_OPTIONS, programOf('collector-agent')], env: { ...nodeEnvironment(), MAILWARDEN_AGENT_SETTINGS: at('agent.json') }, stopSignal: 'SIGTERM', ready: 'told' };
}
