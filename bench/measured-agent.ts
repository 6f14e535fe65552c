import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { QUIET_NODE_OPTIONS } from '@mailwarden/config';
import { startNats } from '@mailwarden/testing';

const AGENT = join(import.meta.dirname, '../apps/collector-agent/dist/main.js');
const SERVER = 'bench-1';
const PROFILE = 'kaspersky-klms-8';
const SETTINGS_VARIABLE = 'MAILWARDEN_AGENT_SETTINGS';
const SCANNED = 'stores measured';
/** An agent that says nothing for so long is taken for stuck. Units: milliseconds. */
const WAIT_MS_MAX = 300_000;

/** A real agent as a mail server runs it, out of the build, with a real broker. */
export interface MeasuredAgent {
  readonly pid: number;
  /** Waits for the end of the next scan. Errors: throws when none comes. */
  nextScan(): Promise<{ readonly durationMs: number }>;
  stop(): Promise<void>;
}

/** Hands on each line of the agent's log that tells of a scan. */
function scansOf(child: ChildProcess): () => Promise<{ durationMs: number }> {
  const waiting: ((scan: { durationMs: number }) => void)[] = [];
  if (child.stdout === null) throw new Error('the agent has no output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { msg, durationMs } = JSON.parse(line) as { msg?: string; durationMs?: number };
    if (msg === SCANNED) for (const tell of waiting.splice(0)) tell({ durationMs: durationMs ?? 0 });
  });
  return () =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the agent measured nothing within ${WAIT_MS_MAX / 1000} s`)), WAIT_MS_MAX);
      waiting.push((scan) => {
        clearTimeout(timer);
        resolve(scan);
      });
    });
}

/** Starts an agent on this root. `settings` are those that a bench changes. */
export async function startAgent(dir: string, root: string, settings: Readonly<Record<string, unknown>>): Promise<MeasuredAgent> {
  const nats = await startNats({ servers: [SERVER] });
  const files = nats.identity.servers.get(SERVER);
  const file = join(dir, 'agent.json');
  mkdirSync(join(dir, 'spool'), { recursive: true });
  writeFileSync(file, JSON.stringify({ server: SERVER, root, profiles: [PROFILE], natsUrl: nats.url, creds: files?.creds, ca: nats.identity.certificates.ca, signingKey: files?.signingKey, trust: nats.identity.trust, spoolDir: join(dir, 'spool'), hashKeyFile: files?.hashKey, executor: { command: ['/bin/false'], settings: '/none' }, ...settings }), { mode: 0o600 });
  const child = spawn(process.execPath, [...QUIET_NODE_OPTIONS, AGENT], { env: { [SETTINGS_VARIABLE]: file }, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] });
  return {
    pid: child.pid ?? 0,
    nextScan: scansOf(child),
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      await nats.stop();
    },
  };
}
