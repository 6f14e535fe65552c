import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { processesOf, SUITE_MARK, type MarkedProcess } from './processes-of.ts';

/** Time that processes get to end by themselves, first after the suite and then after they were asked to. Units: milliseconds. */
const GRACE_MS = 5_000;
const LOOK_EVERY_MS = 100;

export interface LimitedRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly limitMs: number;
  /** Ends the run early, as the limit does. */
  readonly signal: AbortSignal;
}

export interface LimitedEnd {
  readonly status: number | null;
  readonly outOfTime: boolean;
  /** Processes that outlived the command; they were ended. */
  readonly leftBehind: readonly MarkedProcess[];
}

/** Waits until none is left or the grace is over; returns those that are. */
async function remaining(mark: string): Promise<MarkedProcess[]> {
  const until = Date.now() + GRACE_MS;
  let left = processesOf(mark);
  while (left.length > 0 && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    left = processesOf(mark);
  }
  return left;
}

function tell(processes: readonly MarkedProcess[], signal: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended in the meantime.
    }
  }
}

/** Asks every process of the run to end, then insists. */
async function endAll(mark: string): Promise<void> {
  tell(processesOf(mark), 'SIGTERM');
  tell(await remaining(mark), 'SIGKILL');
}

/** Runs a command in a process group of its own, with a limit, and leaves no process of it behind: not in time, not out of time, not when stopped. */
export async function runLimited({ command, args, env, limitMs, signal }: LimitedRun): Promise<LimitedEnd> {
  const mark = randomUUID();
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true, env: { ...process.env, ...env, [SUITE_MARK]: mark } });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  let outOfTime = false;
  let ending: Promise<void> | undefined;
  const end = (): void => void (ending ??= endAll(mark));
  const limit = setTimeout(() => {
    outOfTime = true;
    end();
  }, limitMs);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    const status = await ended;
    clearTimeout(limit);
    await ending;
    const leftBehind = outOfTime || signal.aborted ? [] : await remaining(mark);
    if (leftBehind.length > 0) await endAll(mark);
    return { status, outOfTime, leftBehind };
  } finally {
    clearTimeout(limit);
    signal.removeEventListener('abort', end);
  }
}
