import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of the kernel's accounting. Source: sysconf(3), _SC_CLK_TCK; 100 on every Linux that Node runs on. Units: milliseconds. */
const TICK_MS = 10;
/** Fields of `stat` after the name: time in the program and time in the kernel, of all its threads, also those that ended. Source: proc_pid_stat(5). */
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;
const RESIDENT = /^VmRSS:\s+(\d+) kB$/m;
const PEAK = /^VmHWM:\s+(\d+) kB$/m;

const status = (pid: number, what: RegExp): number => Number(what.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? Number.NaN) / 1024;

/** Memory that the process holds now. Units: MiB. */
export const residentMiB = (pid: number): number => status(pid, RESIDENT);
/** Most that it ever held. Units: MiB. */
export const peakMiB = (pid: number): number => status(pid, PEAK);

/** Processor time that the process took so far. Units: milliseconds, in steps of a tick. */
export function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD])) * TICK_MS;
}

/** The same to the nanosecond, of the threads that live now: for a process that hardly works. Units: milliseconds. */
export function exactProcessorMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]) / 1e6, 0);
}

/** Processor time at a moment. Units: milliseconds. */
export interface Sample {
  readonly atMs: number;
  readonly processorMs: number;
}

/** Largest share of one core within any window of this length. Units: percent. */
export function largestShare(samples: readonly Sample[], windowMs: number): number {
  let most = 0;
  let from = 0;
  for (const { atMs, processorMs: taken } of samples) {
    while ((samples[from]?.atMs ?? atMs) < atMs - windowMs) from += 1;
    const first = samples[from];
    if (first !== undefined && atMs - first.atMs >= windowMs * 0.9) most = Math.max(most, (100 * (taken - first.processorMs)) / (atMs - first.atMs));
  }
  return most;
}
