import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { PackVerdict } from '@mailwarden/evidence-pack';
import type { Doors } from './doors.js';
import { told } from './doors-cli.js';

const FILE = join(import.meta.dirname, '../../deploy/evidence/verify-evidence.mjs');
const CHECK_MS_MAX = 120_000;

/** What the program of one file says of a pack. */
export interface OneFileVerdict extends Pick<PackVerdict, 'holds' | 'problems' | 'notes' | 'continues'> {
  readonly exit: number;
}

const run = (command: string, args: readonly string[], cwd: string): Promise<{ exit: number; stdout: string; stderr: string }> =>
  new Promise((resolve, reject) => {
    execFile(command, [...args], { cwd, env: {}, timeout: CHECK_MS_MAX, maxBuffer: 64 * 2 ** 20 }, (cause, stdout, stderr) => {
      if (cause !== null && typeof cause.code !== 'number') reject(cause);
      else resolve({ exit: cause === null ? 0 : Number(cause.code), stdout, stderr });
    });
  });

/** Checks a pack by the program of one file: in an empty folder, with an empty environment, and where it may be done without a network. */
export async function byOneFile(pack: string, options: { readonly trust?: string; readonly checkpoint?: string } = {}): Promise<OneFileVerdict> {
  const dir = await mkdtemp(join(tmpdir(), 'mailwarden-auditor-'));
  try {
    const taken = async (path: string): Promise<string> => {
      await copyFile(path, join(dir, basename(path)));
      return basename(path);
    };
    await copyFile(FILE, join(dir, 'verify-evidence.mjs'));
    const args = [await taken(pack), '--json', ...(options.trust === undefined ? [] : ['--trust', await taken(options.trust)]), ...(options.checkpoint === undefined ? [] : ['--checkpoint', await taken(options.checkpoint)])];
    const alone = process.getuid?.() === 0 ? ['unshare', '--net'] : [];
    const { exit, stdout, stderr } = await run('/usr/bin/env', ['-i', ...alone, process.execPath, join(dir, 'verify-evidence.mjs'), ...args], dir);
    if (exit === 2) throw new Error(stderr);
    return { ...(JSON.parse(stdout) as OneFileVerdict), exit };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Checks a pack by the command. */
export async function byCommand(doors: Doors, pack: string, options: { readonly trust?: string; readonly checkpoint?: string } = {}): Promise<PackVerdict & { readonly exit: number }> {
  const more = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const { text, exit } = await told(doors, 'evidence', 'verify', pack, '--format', 'json', ...more);
  return { ...(JSON.parse(text) as PackVerdict), exit };
}
