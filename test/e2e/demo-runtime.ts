import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROUTES, type RouteName } from '@mailwarden/contracts';
import { freePort } from '@mailwarden/testing';
import type { z } from 'zod';

export const WORKSPACE = fileURLToPath(new URL('../../', import.meta.url));
const MAILWARDEN = join(WORKSPACE, 'bin/mailwarden');
const UP_TIMEOUT_MS = 180_000;

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One `mailwarden up --demo` with a data folder of its own, started by the very script that the README names. */
export class DemoRuntime {
  private constructor(
    readonly dataDir: string,
    readonly port: number,
    private readonly child: ChildProcess,
    readonly signInLink: string,
    private readonly within: readonly string[],
  ) {}

  static async start(options: { dataDir?: string; port?: number; arguments?: readonly string[]; /** Command that everything is started by, as one that enters a network. */ within?: readonly string[] } = {}): Promise<DemoRuntime> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'mailwarden-e2e-')));
    const port = options.port ?? (await freePort());
    const within = options.within ?? [];
    const [program = MAILWARDEN, ...before] = [...within, MAILWARDEN];
    const child = spawn(program, [...before, 'up', ...(options.arguments ?? ['--demo']), '--data', dataDir, '--port', String(port)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const link = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no sign-in link within ${UP_TIMEOUT_MS} ms:\n${output}`)), UP_TIMEOUT_MS);
      const read = (chunk: Buffer): void => {
        output += chunk.toString();
        const found = /(http:\/\/\S+\/sign-in#link=[\w-]+)/.exec(output)?.[1];
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.on('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`mailwarden up ended with ${code}:\n${output}`));
      });
    });
    return new DemoRuntime(dataDir, port, child, link, within);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Ends the runtime as Ctrl-C does, and waits. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGINT');
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Runs a command of the command line against this runtime. */
  run(...args: readonly string[]): Promise<CommandResult> {
    return this.runIn(this.dataDir, ...args);
  }

  /** The same with another data folder. */
  runIn(dataDir: string, ...args: readonly string[]): Promise<CommandResult> {
    return new Promise((resolve) => {
      const [program = MAILWARDEN, ...before] = [...this.within, MAILWARDEN];
      execFile(program, [...before, ...args, '--data', dataDir], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
      });
    });
  }

  /** Asks the HTTP API as the local operator. */
  async ask<N extends RouteName>(name: N, path?: string): Promise<z.output<(typeof ROUTES)[N]['reply']>> {
    const token = (await readFile(join(this.dataDir, 'cli-token'), 'utf8')).trim();
    const response = await fetch(`${this.url}/api/v1${path ?? ROUTES[name].path}`, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`${name} answered ${response.status}: ${await response.text()}`);
    return ROUTES[name].reply.parse(await response.json()) as z.output<(typeof ROUTES)[N]['reply']>;
  }
}

/** Processes whose command line or environment names the data folder: none may be left after the end. */
export async function processesOf(dataDir: string): Promise<string[]> {
  const listed = await new Promise<string>((resolve) => execFile('ps', ['-eo', 'pid,args', '--no-headers'], (_error, stdout) => resolve(stdout)));
  return listed.split('\n').filter((line) => line.includes(dataDir) && !line.includes(' ps '));
}
