import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { compare, report, runProgram } from './compare.ts';

const ROOT = join(import.meta.dirname, '..');
const CLI = join(ROOT, 'apps/cli/dist/main.js');
const MAILWARDEN = join(ROOT, 'bin/mailwarden');
const PORT = '8790';
const ROUNDS = 9;

/** The second start of a runtime until its console answers, and the cost of the command itself. */
export function benchStart(dir: string): void {
  const data = join(dir, 'runtime');
  const run = (...args: string[]): string => runProgram([MAILWARDEN, ...args, '--data', data]).stdout;
  run('up', '--demo', '--detach', '--port', PORT);
  run('down');
  const stop = (): void => void run('down');
  const second = compare('start', [{ name: 'mailwarden up --demo, again', prepare: stop, run: () => (run('up', '--demo', '--detach', '--port', PORT), { work: 'up', peakMiB: null }) }], 5);
  run('down');
  report('start', 'second `mailwarden up --demo` until the console answers', 'under 5 s', second);
  const version = compare('version', [
    { name: 'node -e 0', run: () => ({ work: '', peakMiB: runProgram([process.execPath, '-e', '0']).peakMiB }) },
    { name: 'mailwarden --version', run: () => ({ work: '', peakMiB: runProgram([process.execPath, CLI, '--version']).peakMiB }) },
  ], ROUNDS);
  report('version', '`mailwarden --version`', 'at most 2x of bare Node', version);
  rmSync(data, { recursive: true, force: true });
}
