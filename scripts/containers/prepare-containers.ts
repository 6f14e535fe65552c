import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImages, type Images } from './build-images.ts';
import { startOwnEngine, type OwnEngine } from './own-engine.ts';
import { findPresentEngine } from './present-engine.ts';

/** What the containers of one run are made with. */
export interface Containers {
  /** One line for people: which engine and images, or why there are none. */
  readonly line: string;
  /** Settings for the suite. Without an engine it is told why, and counts its tests as skipped. */
  readonly env: Readonly<Record<string, string>>;
  end(): Promise<void>;
}

const WORKSPACE = join(import.meta.dirname, '../..');
const FETCH_MS_MAX = 300_000;

const settings = (images: Images, run: string): Record<string, string> => ({
  MAILWARDEN_CONTAINER_NATS: images.nats,
  MAILWARDEN_CONTAINER_POSTGRES: images.postgres,
  MAILWARDEN_CONTAINER_RUN: run,
  TESTCONTAINERS_RYUK_DISABLED: 'true',
});

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** Unpacked programs of an engine, fetched when they are missing. Errors: throws with the reason in plain words. */
function provisionEngine(): Promise<string> {
  return new Promise((resolve, reject) => {
    const script = '. bin/provision.sh; provision_engine; printf "%s\\n%s" "$MAILWARDEN_ENGINE" "$MAILWARDEN_NO_ENGINE"';
    const fetching = execFile('sh', ['-c', script], { cwd: WORKSPACE, env: { ...process.env, ROOT: WORKSPACE }, encoding: 'utf8', timeout: FETCH_MS_MAX }, (error, stdout) => {
      const [programs = '', reason = ''] = stdout.split('\n');
      if (programs !== '') return resolve(programs);
      reject(new Error(reason === '' ? `an engine could not be fetched: ${error?.message ?? 'no reason given'}` : reason));
    });
    fetching.stdin?.end();
    fetching.stderr?.pipe(process.stderr);
  });
}

async function ownContainers(natsServer: string, run: string, why: string): Promise<Containers> {
  const programs = await provisionEngine();
  const engine: OwnEngine = await startOwnEngine(programs);
  try {
    const images = await buildImages(engine.api, natsServer);
    const env = { ...settings(images, run), DOCKER_HOST: engine.dockerHost, TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1', MAILWARDEN_CONTAINER_ENGINE: programs };
    return { line: `containers: engine ${engine.version}, started for this run, with images built here (${why})`, env, end: () => engine.end() };
  } catch (cause) {
    await engine.end();
    throw cause;
  }
}

/** Temporary files of the suite in a folder of their own, so that they go even when the suite is killed. */
function withOwnTemporaries(containers: Containers): Containers {
  const folder = mkdtempSync(join(tmpdir(), 'mailwarden-run-'));
  const end = async (): Promise<void> => {
    await containers.end();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...containers, env: { ...containers.env, TMPDIR: folder }, end };
}

/** Chooses in this order: an engine that runs here and has the public images; one of our own with images built here; none, with the reason. Never throws. */
export async function prepareContainers(options: { natsServer: string; run: string }): Promise<Containers> {
  const present = await findPresentEngine().catch((cause: unknown) => `no engine could be asked: ${messageOf(cause)}`);
  if (typeof present !== 'string') {
    const { nats, postgres } = present.images;
    return withOwnTemporaries({ line: `containers: engine ${present.version}, found running, with ${nats} and ${postgres}`, env: settings(present.images, options.run), end: () => present.removeContainersOf(options.run) });
  }
  try {
    return withOwnTemporaries(await ownContainers(options.natsServer, options.run, present));
  } catch (cause) {
    const reason = `${present}, and ${messageOf(cause)}`;
    return { line: `containers: none, the suite is skipped, because ${reason}`, env: { MAILWARDEN_NO_CONTAINERS: reason }, end: () => Promise.resolve() };
  }
}
