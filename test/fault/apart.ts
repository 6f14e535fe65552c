import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testSeed } from '../test-seed.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Its mounts and its processes are nobody else's, and end with it. Whose files are open is then told of few processes, quickly. */
const APART = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc'];

/**
 * Runs a program of the suites, by its path from `root`, from source in namespaces of its own, and reads the JSON that it prints last.
 * Needs root. Errors: throws when it fails, with what it said.
 */
export async function runApart<T>(program: string, args: readonly string[], root = ROOT): Promise<T> {
  const child = spawn('/usr/bin/unshare', [...APART, '--', process.execPath, '--disable-warning=ExperimentalWarning', '--import', join(root, 'scripts/from-source.mjs'), join(root, program), ...args], { env: { ...settings() }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const told = output.trimEnd().split('\n').at(-1) ?? '';
  if (code !== 0 || told === '') throw new Error(`${program} ended with ${code}: ${complaint.trim()}`);
  return JSON.parse(told) as T;
}

/** By its mark a run of the suites finds what it started; nothing else is handed on. */
const settings = (): Record<string, string> => Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[0].startsWith('MAILWARDEN_')));

/** The seed of this run, printed: a failure is seen again with it. */
export const seedOf = (name: string): number => {
  const seed = testSeed();
  process.stdout.write(`${name}: seed ${seed} (another: MAILWARDEN_TEST_SEED=N, or bin/stress)\n`);
  return seed;
};
