import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunningNats } from '@mailwarden/testing';
import { createLogger } from '@mailwarden/observability';
import { NestFactory } from '@nestjs/core';
import { AgentModule } from '../../apps/collector-agent/src/agent.module.js';
import { agentSettings, type AgentSettings } from '../../apps/collector-agent/src/agent-settings.js';
import { PROFILE } from './fleet-speaker.js';

const EXECUTOR = fileURLToPath(new URL('../../apps/rotation-executor/src/main.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../scripts/from-source.mjs', import.meta.url));

/** A whole agent by its own composition, on a host tree of its own, with the real executor: it can be ended and started again on the same disk. */
export class RealAgent {
  #app: { close(): Promise<void> } | null = null;

  private constructor(
    readonly dir: string,
    private readonly settings: AgentSettings,
  ) {}

  static async prepare(server: string, nats: RunningNats, part: Partial<Pick<AgentSettings, 'egressSocket' | 'spoolDir' | 'spoolBytesMax' | 'scanIntervalSeconds' | 'watchFoldersMax' | 'offlineAfterSeconds' | 'otlpEndpoint' | 'traceRatio'>> = {}): Promise<RealAgent> {
    const files = nats.identity.servers.get(server);
    if (files === undefined) throw new Error(`${server} has no identity`);
    const dir = await mkdtemp(join(tmpdir(), 'mailwarden-agent-'));
    for (const folder of ['root/var/opt/kaspersky/klms/reports', 'spool', 'journal']) await mkdir(join(dir, folder), { recursive: true });
    const executor = join(dir, 'executor.json');
    await writeFile(executor, JSON.stringify({ server, root: join(dir, 'root'), trust: nats.identity.trust, signingKey: files.executorKey, journalDir: join(dir, 'journal'), hashKeyFile: files.hashKey }), { mode: 0o600 });
    const settings = agentSettings.parse({
      server, root: join(dir, 'root'), profiles: [PROFILE], natsUrl: nats.url, creds: files.creds, ca: nats.identity.certificates.ca, signingKey: files.signingKey, trust: nats.identity.trust, spoolDir: join(dir, 'spool'), hashKeyFile: files.hashKey,
      executor: { command: [process.execPath, '--disable-warning=ExperimentalWarning', '--import', LOADER, EXECUTOR], settings: executor }, scanIntervalSeconds: 1, ...part,
    });
    return new RealAgent(dir, settings);
  }

  get spoolDir(): string {
    return this.settings.spoolDir;
  }

  get store(): string {
    return join(this.dir, 'root/var/opt/kaspersky/klms/reports');
  }

  async start(): Promise<void> {
    const log = createLogger({ service: 'collector-agent', level: process.env['MAILWARDEN_TEST_LOG'] === undefined ? 'silent' : 'debug' });
    this.#app = await NestFactory.createApplicationContext(await AgentModule.compose(this.settings, log), { logger: false });
  }

  async end(): Promise<void> {
    await this.#app?.close();
    this.#app = null;
  }

  async remove(): Promise<void> {
    await this.end();
    await rm(this.dir, { recursive: true, force: true });
  }
}
