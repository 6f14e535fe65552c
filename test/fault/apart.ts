import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LOADER = fileURLToPath(new URL('../../scripts/from-source.ts', import.meta.url));

/**
 * Runs a program of the suites from source in a mount namespace of its own, with which all its mounts end, and reads the JSON that it prints last.
 * Needs root. Errors: throws when it fails, with what it said.
 */
export async function runApart<T>(program: string, args: readonly string[]): Promise<T> {
  const child = spawn('/usr/bin/unshare', ['--mount', '--propagation', 'private', '--', process.execPath, '--disable-warning=ExperimentalWarning', '--import', LOADER, program, ...args], { env: { ...settings() }, stdio: ['ignore', 'pipe', 'pipe'] });
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

/** A seed that is printed, or the one that a failure is to be seen again with. */
export const seedOf = (name: string): number => {
  const given = Number(process.env['MAILWARDEN_TEST_SEED'] ?? '');
  const seed = Number.isInteger(given) && given > 0 ? given : 1 + Math.floor(Math.random() * 1e9);
  process.stdout.write(`${name}: seed ${seed} (again: MAILWARDEN_TEST_SEED=${seed})\n`);
  return seed;
};
