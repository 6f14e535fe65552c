import { spawn } from 'node:child_process';
import { err, ok, type Result } from '@mailwarden/kernel';

/** A tool that prints more has lost its way. Units: bytes. */
const OUTPUT_BYTES_MAX = 1024 * 1024;
/** Between being asked to end and being ended. Units: milliseconds. */
const GRACE_MS = 5_000;

/** One run of a tool. */
export interface ToolRun {
  /** Absolute path and arguments, every place filled. */
  readonly argv: readonly string[];
  /** What it reads on standard input. */
  readonly input: string;
  readonly timeoutMs: number;
  /** Null for the account of this process. */
  readonly account: { readonly uid: number; readonly gid: number } | null;
}

export interface ToolAnswer {
  readonly exitCode: number;
  /** All that it printed, on both outputs. */
  readonly output: string;
}

/**
 * Runs a tool: no shell, an empty environment, the root as its folder, bounded in time and output; it has a group of processes of its own, so that what it started ends with it.
 * Errors: why it has no answer, in words that name no item. It may have deleted something all the same: look.
 */
export function runTool({ argv, input, timeoutMs, account }: ToolRun): Promise<Result<ToolAnswer, string>> {
  const [program = '', ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: {}, cwd: '/', detached: true, stdio: ['pipe', 'pipe', 'pipe'], ...account });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let ended: string | null = null;
    let killing: NodeJS.Timeout | null = null;
    const signal = (name: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        return; // It has ended meanwhile.
      }
    };
    const end = (reason: string): void => {
      if (ended !== null) return;
      ended = reason;
      signal('SIGTERM');
      killing = setTimeout(() => signal('SIGKILL'), GRACE_MS);
    };
    const timer = setTimeout(() => end(`${program} did not end within ${Math.round(timeoutMs / 1000)} s`), timeoutMs);
    const answer = (result: Result<ToolAnswer, string>): void => {
      clearTimeout(timer);
      if (killing !== null) clearTimeout(killing);
      resolve(result);
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > OUTPUT_BYTES_MAX) end(`${program} wrote more than ${OUTPUT_BYTES_MAX} bytes`);
        else chunks.push(chunk);
      });
    }
    child.once('error', () => answer(err(`${program} cannot be run`)));
    child.once('close', (exitCode, killedBy) => answer(ended !== null ? err(ended) : exitCode === null ? err(`${program} was ended (${killedBy ?? 'unknown'})`) : ok({ exitCode, output: Buffer.concat(chunks).toString('latin1') })));
    child.stdin.on('error', () => undefined).end(input, 'latin1'); // A tool may end before it has read all.
  });
}
