import { execFile } from 'node:child_process';
import { known, unknown, type Measured } from '@mailwarden/kernel';

const OUTPUT_BYTES_MAX = 65_536;

/** Runs a profile's command: absolute, fixed arguments, no shell, an empty environment, bounded in time and output. */
export function runCommand(command: readonly string[], timeoutSeconds: number): Promise<Measured<string>> {
  const [program, ...args] = command;
  if (program === undefined || !program.startsWith('/')) return Promise.resolve(unknown('the command is not an absolute path'));
  return new Promise((resolve) => {
    execFile(program, args, { env: {}, cwd: '/', timeout: timeoutSeconds * 1000, maxBuffer: OUTPUT_BYTES_MAX, encoding: 'utf8', windowsHide: true }, (problem, output) => {
      if (problem === null) return resolve(known(output, program));
      const { code, killed } = problem as { code?: unknown; killed?: boolean };
      resolve(unknown(code === 'ENOENT' ? `${program} is not installed` : killed === true ? `${program} did not end within ${timeoutSeconds} s` : `${program} ended with ${String(code)}`));
    });
  });
}
