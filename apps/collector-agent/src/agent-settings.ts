import { readFile, stat } from 'node:fs/promises';
import { profileId, SCAN_CPU_PERCENT_MAX, SCAN_CPU_PERCENT_MIN, serverName } from '@mailwarden/contracts';
import { DEFAULT_CPU_PERCENT } from '@mailwarden/inventory-fs';
import { z } from 'zod';

/** More would take the disk from the mail server, and gain nothing. */
const SCAN_WORKERS_MAX = 2;

/** More watches would cost the host more memory than the scans that they save. Units: folders. */
const WATCH_FOLDERS_MAX = 262_144;

/** Settings of one agent, written by whoever enrolled the server. Paths are absolute. */
export const agentSettings = z.strictObject({
  server: serverName,
  /** Folder that stands for the host's `/`. */
  root: z.string().startsWith('/'),
  /** `auto` for those of the products that are found on the host. */
  profiles: z.union([z.literal('auto'), z.array(profileId).min(1)]),
  /** Folder with further profile files, beside those that ship. */
  profileDir: z.string().startsWith('/').optional(),
  /** One address, or several with commas between them. */
  natsUrl: z.string().regex(/^(?:tls|nats):\/\//),
  creds: z.string().startsWith('/'),
  ca: z.string().startsWith('/'),
  signingKey: z.string().startsWith('/'),
  trust: z.string().startsWith('/'),
  /** The only folder that the agent writes: outbox, last bundle, last consent, memory of scans. */
  spoolDir: z.string().startsWith('/'),
  spoolBytesMax: z.number().int().positive().default(256_000_000),
  /** Key for hashing the names of persons before they leave the host. */
  hashKeyFile: z.string().startsWith('/'),
  /** Where systemd starts the executor for each caller; or an absolute command that is started per task, and the settings file it gets. */
  executor: z.union([z.strictObject({ socket: z.string().startsWith('/') }), z.strictObject({ command: z.array(z.string()).min(1), settings: z.string().startsWith('/') })]),
  /** Socket of the packet filter's keeper; absent where the host has none, and nothing is refused or remembered. */
  egressSocket: z.string().startsWith('/').optional(),
  /** After so long without the control plane, what policy permits without it is carried out by the bundle alone. */
  offlineAfterSeconds: z.number().min(1).max(604_800).default(900),
  scanIntervalSeconds: z.number().min(1).max(86_400).default(60),
  /** Most of one core, and of the disk's time, that a scan may take. Units: percent. */
  scanCpuPercent: z.number().min(SCAN_CPU_PERCENT_MIN).max(SCAN_CPU_PERCENT_MAX).default(DEFAULT_CPU_PERCENT),
  /** A scan that takes longer stops, says so, and the next one goes on from there. */
  scanWindowSeconds: z.number().min(1).max(86_400).default(600),
  /** Threads that walk; they share the budget. */
  scanWorkers: z.number().int().min(1).max(SCAN_WORKERS_MAX).default(1),
  /** After so long everything is looked at again, whatever is remembered of it. */
  scanFullEveryHours: z.number().min(1).max(720).default(24),
  /** Receiver of traces by OTLP over HTTP; without it none are told, and nothing of that is loaded. */
  otlpEndpoint: z.url({ protocol: /^https?$/ }).optional(),
  /** Share of the traces that begin here which are told. */
  traceRatio: z.number().min(0).max(1).default(0.1),
  /** Folders of stores that are watched for changes, at most; 0 for none. Each costs the kernel about a kilobyte. */
  watchFoldersMax: z.number().int().min(0).max(WATCH_FOLDERS_MAX).default(8_192),
});
export type AgentSettings = z.output<typeof agentSettings>;

export const AGENT_SETTINGS_VARIABLE = 'MAILWARDEN_AGENT_SETTINGS';
const GROUP_OR_OTHERS_WRITE = 0o022;

/** Errors: throws with the file, what is wrong in it and what to do; nothing can run without settings. */
export async function loadAgentSettings(file: string | undefined): Promise<AgentSettings> {
  if (file === undefined) throw new Error(`${AGENT_SETTINGS_VARIABLE} names no settings file; set it to the file that enrolment wrote`);
  const { mode } = await stat(file);
  if ((mode & GROUP_OR_OTHERS_WRITE) !== 0) throw new Error(`${file} can be written by others than its owner; run: chmod go-w ${file}`);
  const parsed = agentSettings.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file} is not right:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
