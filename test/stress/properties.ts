import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StressEnd, StressTerms } from './suite-runs.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RUN_MS_MAX = 600_000;
const TOLD_CHARS = 3_000;

/** Files beside the code in which properties are tried. */
const propertyFiles = (): string[] =>
  ['libs', 'apps'].flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))).filter((name) => /\/src\/.*\.spec\.ts$/.test(name) && readFileSync(join(ROOT, name), 'utf8').includes("'fast-check'"));

function runOnce(files: readonly string[], seed: number): Promise<string | null> {
  return new Promise((resolve) => {
    let told = '';
    const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...files, '--reporter=dot'], { cwd: ROOT, env: { ...process.env, MAILWARDEN_TEST_SEED: String(seed), NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'], timeout: RUN_MS_MAX });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (told = (told + text).slice(-TOLD_CHARS)));
    child.once('close', (code) => resolve(code === 0 ? null : `seed ${seed}: ${told}`));
  });
}

/** Every property with one seed after the other, until the time is over or something is wrong. */
export async function stressProperties({ seed, most, untilMs }: StressTerms): Promise<StressEnd> {
  const files = propertyFiles();
  let count = 0;
  for (; count < most && Date.now() < untilMs; count += 1) {
    const wrong = await runOnce(files, seed + count);
    if (wrong !== null) return { wrong: [wrong], count, did: `${count + 1} seeds over ${files.length} files` };
  }
  return { wrong: [], count, did: `${count} seeds over ${files.length} files` };
}
