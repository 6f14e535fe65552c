import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { STEADY_NODE_OPTIONS } from '@mailwarden/config';
import type { TrustAnchors } from '@mailwarden/contracts';
import { credentialText, writePrivate } from '@mailwarden/identity/enrolment';
import { agentSettings } from '../agent-settings.js';
import type { Enrolled } from './ask.js';
import type { OwnKeys } from './own-keys.js';
import type { Places } from './places.js';

/** Where systemd starts the executor for each caller. */
const EXECUTOR_SOCKET = '/run/mailwarden/executor.sock';
const EGRESS_SOCKET = '/run/mailwarden/egress.sock';
const EXECUTOR_PROGRAM = fileURLToPath(new URL('../../../rotation-executor/dist/main.js', import.meta.url));
const READABLE_BY_ALL = 0o644;
const FOLDER_MODE = 0o755;

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

async function writeReadable(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: FOLDER_MODE });
  await writeFile(file, text, { mode: READABLE_BY_ALL });
  await chmod(file, READABLE_BY_ALL);
}

/** Writes all that agent and executor are set up with; the agent's settings come last, so that a half-written set starts nothing. */
export async function writeSettings(places: Places, enrolled: Enrolled, { root, trust, keys }: { readonly root: string; readonly trust: TrustAnchors; readonly keys: OwnKeys }): Promise<void> {
  const { server, profiles } = enrolled.membership.payload;
  for (const folder of [places.spool, places.journal]) await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeReadable(places.trust, json(trust));
  await writePrivate(places.agentHashKey, enrolled.hashKey);
  await writePrivate(places.executorHashKey, enrolled.hashKey);
  await writePrivate(places.creds, credentialText(enrolled.jwt, keys.busSeed));
  await writePrivate(places.ca, enrolled.ca);
  await writeReadable(places.executorSettings, json({ server, root, trust: places.trust, signingKey: places.executorKey, journalDir: places.journal, hashKeyFile: places.executorHashKey }));
  const executor = existsSync(EXECUTOR_SOCKET) ? { socket: EXECUTOR_SOCKET } : { command: [process.execPath, ...STEADY_NODE_OPTIONS, EXECUTOR_PROGRAM], settings: places.executorSettings };
  const settings = {
    server,
    root,
    profiles,
    natsUrl: enrolled.urls.join(','),
    creds: places.creds,
    ca: places.ca,
    signingKey: places.agentKey,
    trust: places.trust,
    spoolDir: places.spool,
    hashKeyFile: places.agentHashKey,
    executor,
    ...(existsSync(EGRESS_SOCKET) ? { egressSocket: EGRESS_SOCKET } : {}),
  };
  agentSettings.parse(settings);
  await writeReadable(places.agentSettings, json(settings));
}
