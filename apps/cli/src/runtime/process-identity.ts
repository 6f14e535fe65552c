import { readFileSync } from 'node:fs';

/** One process and no other: numbers are taken over, a number with its start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot. Source: proc_pid_stat(5), field 22. */
  readonly startTicks: number;
}

const START_TIME_FIELD = 19;
const STATE_FIELD = 0;

function fieldsOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

export function identityOf(pid: number): ProcessIdentity | null {
  const ticks = fieldsOf(pid)?.[START_TIME_FIELD];
  return ticks === undefined ? null : { pid, startTicks: Number(ticks) };
}

/** True while this very process runs; one that has ended and waits to be collected does not. */
export function isRunning({ pid, startTicks }: ProcessIdentity): boolean {
  const fields = fieldsOf(pid);
  return fields !== null && Number(fields[START_TIME_FIELD]) === startTicks && fields[STATE_FIELD] !== 'Z';
}

const LOOK_EVERY_MS = 25;

/** Resolves to true when the process has ended, to false when it still runs after so long. */
export async function awaitEnd(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; Date.now() < until; ) {
    if (!isRunning(identity)) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return !isRunning(identity);
}

/** Asks a process to end, and ends it when it does not. */
export async function endProcess(identity: ProcessIdentity, signal: NodeJS.Signals, withinMs: number): Promise<void> {
  if (!isRunning(identity)) return;
  process.kill(identity.pid, signal);
  if (await awaitEnd(identity, withinMs)) return;
  process.kill(identity.pid, 'SIGKILL');
  await awaitEnd(identity, withinMs);
}
