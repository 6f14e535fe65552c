import { spawn } from 'node:child_process';
import { err, ok, type Result } from '@mailwarden/kernel';
import { NOT_INSTALLED, untrustedPart } from '@mailwarden/inventory-fs';
import { errorOf, type FilterError } from './filter-error.js';

/** Where distributions put it. */
export const NFT_PROGRAMS: readonly string[] = ['/usr/sbin/nft', '/sbin/nft', '/usr/local/sbin/nft', '/usr/bin/nft'];
/** Units: milliseconds. A full table is listed in about a second. */
const TIME_MS_MAX = 20_000;
/** Units: bytes. Both sets of destinations, full, are about 3 MB, and an endpoint with all its addresses another. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const ERROR_BYTES_MAX = 65_536;

/** Runs nft. */
export type RunNft = (args: readonly string[], input: string) => Promise<Result<string, FilterError>>;

function chosenProgram(programs: readonly string[]): Result<string, FilterError> {
  const reasons = programs.map((program) => ({ program, reason: untrustedPart(program) }));
  const trusted = reasons.find(({ reason }) => reason === null);
  if (trusted !== undefined) return ok(trusted.program);
  const bad = reasons.find(({ reason }) => reason !== NOT_INSTALLED);
  if (bad === undefined) return err({ code: 'program-missing', message: 'nftables is not installed; install it (Debian: apt-get install nftables, RHEL: dnf install nftables), or switch enforcement off' });
  return err({ code: 'program-untrusted', message: `${bad.program} is not run: ${bad.reason ?? ''}; give it back to root` });
}

/**
 * Runs nft of the host: absolute path, no shell, an empty environment, bounded in time and output. What does not end in time is killed; the kernel takes a transaction as a whole or not at all.
 * Safety: it runs with our rights, so a program that others may change is not run.
 */
export function nftOf(programs: readonly string[] = NFT_PROGRAMS, timeMsMax: number = TIME_MS_MAX): RunNft {
  return (args, input) => {
    const chosen = chosenProgram(programs);
    if (!chosen.ok) return Promise.resolve(chosen);
    const program = chosen.value;
    return new Promise((resolve) => {
      const child = spawn(program, args, { env: {}, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] });
      const output: Buffer[] = [];
      let outputBytes = 0;
      let said = '';
      let ended: FilterError | null = null;
      const end = (error: FilterError): void => {
        ended ??= error;
        child.kill('SIGKILL');
      };
      const timer = setTimeout(() => end({ code: 'too-slow', message: `${program} did not end within ${timeMsMax / 1000} s; look at the load of this host` }), timeMsMax);
      child.stdout.on('data', (chunk: Buffer) => {
        outputBytes += chunk.length;
        if (outputBytes > OUTPUT_BYTES_MAX) end({ code: 'too-much', message: `${program} wrote more than ${OUTPUT_BYTES_MAX} bytes; take the table inet mailwarden away and apply the plan again` });
        else output.push(chunk);
      });
      child.stderr.on('data', (chunk: Buffer) => {
        if (said.length < ERROR_BYTES_MAX) said += chunk.toString('utf8');
      });
      const answer = (result: Result<string, FilterError>): void => {
        clearTimeout(timer);
        resolve(result);
      };
      child.once('error', () => answer(err({ code: 'program-untrusted', message: `${program} cannot be run; see that it is a program of this machine` })));
      child.once('close', (code, signal) => {
        if (ended !== null) answer(err(ended));
        else if (code === 0) answer(ok(Buffer.concat(output).toString('utf8')));
        else answer(err(errorOf(program, signal === null ? said : `it was ended by ${signal}`)));
      });
      child.stdin.on('error', () => undefined).end(input, 'utf8'); // It may end before it has read all.
    });
  };
}
