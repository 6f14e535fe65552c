/** Many agents in one process, each with its own connection, key, disk spool and follower of consent: all that an agent does about a decision, and nothing else. Told what to be by a JSON file; says `ready` when each has attested. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTrust } from '@mailwarden/config';
import { agentSource } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import type { ServerName } from '@mailwarden/kernel';
import { connectAgentBus, openSpool } from '@mailwarden/messaging/agent-side';
import { createLogger } from '@mailwarden/observability';
import { AgentState } from '../apps/collector-agent/dist/agent-state.js';
import { ConsentFollower } from '../apps/collector-agent/dist/follow-consent/consent-follower.js';
import { EgressFollower } from '../apps/collector-agent/dist/follow-egress/egress-follower.js';
import { Outbox } from '../apps/collector-agent/dist/forward-messages/outbox.js';
import { LastKnown } from '../apps/collector-agent/dist/keep-last-known/last-known.js';

interface Fleet {
  readonly url: string;
  readonly ca: string;
  readonly trust: string;
  readonly dir: string;
  readonly servers: readonly { readonly server: ServerName; readonly creds: string; readonly signingKey: string }[];
}

const SPOOL_BYTES_MAX = 1_000_000;
const STARTING_AT_ONCE = 50;

const fleet = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Fleet;
const trust = await loadTrust(fleet.trust);
const log = createLogger({ service: 'bench', level: 'silent' });

async function startAgent({ server, creds, signingKey }: Fleet['servers'][number]): Promise<void> {
  const dir = join(fleet.dir, server);
  mkdirSync(dir);
  const settings = { server } as never;
  const state = new AgentState();
  const outbox = new Outbox(await openSpool({ dir: join(dir, 'outbox'), bytesMax: SPOOL_BYTES_MAX, signer: await loadSigner(signingKey), source: agentSource(server) }), log);
  const follower = new ConsentFollower(settings, trust, state, await LastKnown.open(dir), outbox, { profiles: [], egress: new EgressFollower({}, state, log) }, log);
  const bus = await connectAgentBus({ url: fleet.url, credsFile: creds, caFile: fleet.ca, server });
  outbox.connect(bus);
  await follower.follow(bus);
}

for (let from = 0; from < fleet.servers.length; from += STARTING_AT_ONCE) await Promise.all(fleet.servers.slice(from, from + STARTING_AT_ONCE).map(startAgent));
console.log('ready');
