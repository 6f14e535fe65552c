import { execFile } from 'node:child_process';
import { known, unknown, type Measured } from '@mailwarden/kernel';
import { withoutAmbientRights } from '@mailwarden/linux';
import { NOT_INSTALLED, untrustedPart } from './trusted-program.js';

const OUTPUT_BYTES_MAX = 65_536;
/** Gives a program a session of its own, and becomes it: what runs as another account may not type into the terminal that we were started from. Source: setsid(1), TIOCSTI(2const). */
const OWN_SESSION = '/usr/bin/setsid';

/** Whose rights a program runs with: all of ours, ours without the capabilities that are handed down to us, or those of an account, which needs the super-user. */
export type RunsAs = 'us' | 'us-without-capabilities' | { readonly uid: number; readonly gid: number };

function reasonOf(program: string, timeoutSeconds: number, problem: { code?: unknown; killed?: boolean; signal?: unknown }): string {
  switch (problem.code) {
    case 'ENOENT':
      return `${program} is not installed`;
    case 'EACCES':
      return `${program} may not be run`;
    case 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER':
      return `${program} wrote more than ${OUTPUT_BYTES_MAX} bytes`;
    default:
      if (problem.killed === true) return `${program} did not end within ${timeoutSeconds} s`;
      return typeof problem.code === 'number' ? `${program} ended with ${problem.code}` : `${program} was ended (${String(problem.signal ?? problem.code ?? 'unknown')})`;
  }
}

/**
 * Runs a profile's command: absolute, fixed arguments, no shell, an empty environment, nothing to read, bounded in time and output. What does not end in time is killed, for it may not listen to less.
 * Safety: it runs with the rights of whoever measures, which is root where a store is deleted from, or as an account: a program that a product's account could replace is not run.
 */
export function runCommand(command: readonly string[], timeoutSeconds: number, as: RunsAs = 'us'): Promise<Measured<string>> {
  const [program, ...args] = command;
  if (program === undefined || !program.startsWith('/')) return Promise.resolve(unknown('the command is not an absolute path'));
  const untrusted = untrustedPart(program);
  if (untrusted === NOT_INSTALLED) return Promise.resolve(unknown(`${program} is not installed`));
  if (untrusted !== null) return Promise.resolve(unknown(`${program} is not run: ${untrusted}`));
  return new Promise((resolve) => {
    try {
      const [path, words, account] = typeof as === 'string' ? [program, args, {}] : [OWN_SESSION, [program, ...args], as];
      const start = () =>
        execFile(path, words, { env: {}, cwd: '/', timeout: timeoutSeconds * 1000, killSignal: 'SIGKILL', maxBuffer: OUTPUT_BYTES_MAX, encoding: 'utf8', windowsHide: true, ...account }, (problem, output) =>
          resolve(problem === null ? known(output, program) : unknown(reasonOf(program, timeoutSeconds, problem as { code?: unknown; killed?: boolean; signal?: unknown }))),
        );
      const child = as === 'us' ? start() : withoutAmbientRights(start);
      child.stdin?.on('error', () => undefined).end(); // A program that never began has nobody to read it.
    } catch {
      resolve(unknown(`${program} cannot be run with these arguments`));
    }
  });
}
