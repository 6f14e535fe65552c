import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineApi } from './engine-api.ts';

const READY_MS_MAX = 20_000;
const TRY_EVERY_MS = 50;

/** An engine that this run started. */
export interface OwnEngine {
  readonly dockerHost: string;
  readonly version: string;
  readonly api: EngineApi;
  /** Ends it with every container and removes what it wrote. Resolves when that is done. */
  end(): Promise<void>;
}

const contentOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
};

/** Starts an engine from unpacked packages. Safety: it is bound to this process by its standard input, so it ends even when this process is killed. Errors: throws with the engine's own reason. */
export async function startOwnEngine(programs: string): Promise<OwnEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'mailwarden-engine-'));
  const supervisor = spawn('sh', [join(import.meta.dirname, 'engine.sh'), programs, folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const ended = new Promise<void>((resolve) => supervisor.once('exit', () => resolve()));
  const end = async (): Promise<void> => {
    supervisor.stdin.end();
    await ended;
  };
  const api = new EngineApi(join(folder, 'docker.sock'));
  const until = Date.now() + READY_MS_MAX;
  while (Date.now() < until) {
    const version = await api.version();
    if (version !== undefined) return { dockerHost: `unix://${join(folder, 'docker.sock')}`, version, api, end };
    const reason = contentOf(join(folder, 'failed'));
    if (reason !== undefined) {
      await end();
      throw new Error(reason);
    }
    await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
  }
  const lastWords = contentOf(join(folder, 'engine.log'))?.split('\n').at(-1);
  await end();
  throw new Error(`the engine did not answer within ${READY_MS_MAX / 1000} s; its last words: ${lastWords ?? 'none'}`);
}
