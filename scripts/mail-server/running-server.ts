import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { imageOf } from './build-image.ts';
import { recipeOf, type MailServerName } from './recipe.ts';

const BOOT_MS_MAX = 120_000;
const FILL_MS_MAX = 180_000;
const TRY_EVERY_MS = 50;
const RUN_MS_MAX = 60_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
/** What programs inside get: nothing of the caller's own environment. */
const ENVIRONMENT = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8', 'HOME=/root'];

/** A folder or file of this machine that the server sees, and cannot write. */
export interface Shown {
  readonly from: string;
  readonly at: string;
}

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A mail server with systemd that runs on this machine, without any network but its own loopback. */
export interface RunningServer {
  readonly name: MailServerName;
  /** Its root, as this machine sees it. */
  readonly root: string;
  /** Process number of its systemd, as this machine sees it; `nsenter --target PID --all` enters it. */
  readonly pid: number;
  /** How long each step took; `builtInMs` is null where the image was there already. Units: milliseconds. */
  readonly cost: { readonly builtInMs: number | null; readonly bootedInMs: number; readonly filledInMs: number };
  /** Runs a program inside as root. Its status is told, not judged. */
  run(command: readonly string[], options?: { readonly limitMs?: number }): Promise<Ended>;
  /** Standard output of a program that has to succeed. Errors: throws with what it said. */
  output(command: readonly string[], options?: { readonly limitMs?: number }): Promise<string>;
  /** Ends it at once and removes its copy. */
  stop(): Promise<void>;
}

const wait = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
const contentOf = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined);

/** The first process of the server: the child of systemd-nspawn that is number 1 in a namespace of its own. */
function firstProcessOf(nspawn: string): number | undefined {
  try {
    const children = readFileSync(`/proc/${nspawn}/task/${nspawn}/children`, 'utf8').trim().split(' ');
    const first = children.find((pid) => pid !== '' && /^NSpid:\t\d+\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
    return first === undefined ? undefined : Number(first);
  } catch {
    return undefined;
  }
}

function runInside(pid: number, command: readonly string[], limitMs: number): Promise<Ended> {
  return new Promise((resolve) => {
    const args = ['--target', String(pid), '--all', '--', '/usr/bin/env', '-i', ...ENVIRONMENT, ...command];
    const child = execFile('nsenter', args, { timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: OUTPUT_BYTES_MAX, encoding: 'utf8' }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr: error?.killed === true ? `${stderr}(ended after ${limitMs} ms)` : stderr }),
    );
    child.stdin?.end();
  });
}

async function outputInside(pid: number, command: readonly string[], limitMs: number): Promise<string> {
  const { status, stdout, stderr } = await runInside(pid, command, limitMs);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr.trim()}`);
  return stdout;
}

/** Waits until systemd has started everything. Errors: throws with what failed. */
async function awaitBoot(folder: string): Promise<number> {
  const until = Date.now() + BOOT_MS_MAX;
  while (Date.now() < until) {
    const failed = contentOf(join(folder, 'failed'));
    if (failed !== undefined) throw new Error(failed);
    const nspawn = contentOf(join(folder, 'nspawn'));
    if (nspawn !== undefined && !existsSync(`/proc/${nspawn}/root`)) break;
    const pid = nspawn === undefined ? undefined : firstProcessOf(nspawn);
    const state = pid === undefined ? '' : (await runInside(pid, ['systemctl', 'is-system-running'], RUN_MS_MAX)).stdout.trim();
    if (pid !== undefined && state === 'running') return pid;
    if (pid !== undefined && state === 'degraded') throw new Error(`units failed: ${(await runInside(pid, ['systemctl', '--failed', '--plain', '--no-legend'], RUN_MS_MAX)).stdout.trim()}`);
    await wait();
  }
  throw new Error(`it did not boot; its last words: ${contentOf(join(folder, 'boot.log'))?.split('\n').slice(-3).join(' / ') ?? 'none'}`);
}

/**
 * Builds a mail server where no image of it is there yet, boots a copy and fills it with mail.
 * Safety: it is bound to this process by its standard input, so it ends even when this process is killed.
 * Errors: throws with the step's own reason; nothing is left running. See `whyNoMailServer` first.
 */
export async function startMailServer(name: MailServerName, options: { readonly shown?: readonly Shown[]; readonly filled?: boolean } = {}): Promise<RunningServer> {
  const recipe = recipeOf(name);
  const image = await imageOf(recipe);
  const folder = mkdtempSync(join(tmpdir(), `mailwarden-${name}-`));
  const fill = { from: join(recipe.folder, 'fill.sh'), at: '/run/mailwarden-fill.sh' };
  const binds = [...(options.shown ?? []), fill].map(({ from, at }) => `--bind-ro=${from}:${at}`);
  const bootSince = Date.now();
  const supervisor = spawn('sh', [join(import.meta.dirname, 'server.sh'), image.root, folder, ...binds], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const ended = new Promise<void>((resolve) => supervisor.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    supervisor.stdin.end();
    await ended;
  };
  try {
    const pid = await awaitBoot(folder);
    const bootedInMs = Date.now() - bootSince;
    const fillSince = Date.now();
    if (options.filled !== false) await outputInside(pid, ['/bin/sh', fill.at], FILL_MS_MAX);
    return {
      name,
      root: join(folder, 'root'),
      pid,
      cost: { builtInMs: image.builtInMs, bootedInMs, filledInMs: Date.now() - fillSince },
      run: (command, { limitMs = RUN_MS_MAX } = {}) => runInside(pid, command, limitMs),
      output: (command, { limitMs = RUN_MS_MAX } = {}) => outputInside(pid, command, limitMs),
      stop,
    };
  } catch (cause) {
    await stop();
    throw new Error(`the mail server ${basename(recipe.folder)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
