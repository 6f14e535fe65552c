import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import type { ProcessRights } from '@mailwarden/inventory';
import type { KernelFiles } from './kernel-files.js';

/** Ticks a second of the times in /proc; 100 on every Linux that runs Node. Source: sysconf(_SC_CLK_TCK). */
const TICKS_PER_SECOND = 100;
/** Place of the start time among the fields after the command's name. Source: proc_pid_stat(5), field 22. */
const START_TIME_FIELD = 19;
/** A process that ended and whose parent has not asked how. Source: proc_pid_stat(5), field 3. */
const ENDED = /^[ZXx]$/;
const KIBIBYTE = 1024;
const NUMBER = /^\d{1,10}$/;

/** A process as the kernel shows it. */
export interface RunningProcess extends ProcessRights {
  /** Name of its program, cut after 15 bytes. */
  readonly name: string;
  /** Units: milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Its numbers in the namespaces from the reader's inwards; more than one for a process of a container. */
  readonly numbers: readonly number[];
  /** Part of its memory that lies in swap, and part that is kept out of it. Units: bytes. */
  readonly swapBytes: number;
  readonly lockedBytes: number;
}

/** Numbers of everything that runs. */
export function processNumbers({ proc }: KernelFiles): number[] {
  return readdirSync(proc).filter((name) => NUMBER.test(name)).map(Number);
}

/** When this machine started. Units: milliseconds since 1970; NaN where the kernel does not tell. */
export function bootedAtMs({ proc }: KernelFiles): number {
  const match = /^btime (\d+)$/m.exec(readFileSync(`${proc}/stat`, 'latin1'));
  return Number(match?.[1] ?? Number.NaN) * 1000;
}

const numbersOf = (status: string, key: string): number[] => (new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/).filter((field) => field !== '').map(Number);
const bytesOf = (status: string, key: string): number => (numbersOf(status, key)[0] ?? 0) * KIBIBYTE;

/** Namespace of a process's user numbers; undefined where it may not be looked at. */
function userNamespace(proc: string, pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`${proc}/${pid}/ns/user`);
  } catch {
    return undefined;
  }
}

/** What a namespace cannot be told of counts as this one: nothing is called harmless unseen. */
const isSame = (own: string | undefined, other: string | undefined): boolean => own === undefined || other === undefined || own === other;

/**
 * Reads what the kernel shows of a process. Null when it is not running: it never was, it ended, or only its parent has not asked how yet.
 * What is read belongs to one process: a number that went over to another one meanwhile has another start.
 */
export function runningProcess(pid: number, kernel: KernelFiles, bootMs = bootedAtMs(kernel)): RunningProcess | null {
  const folder = `${kernel.proc}/${pid}`;
  try {
    const before = startTicks(folder);
    if (before === null) return null;
    const status = readFileSync(`${folder}/status`, 'latin1');
    const owner = statSync(`${folder}/status`).uid;
    const namespace = userNamespace(kernel.proc, pid);
    if (startTicks(folder)?.ticks !== before.ticks) return null;
    const uids = numbersOf(status, 'Uid');
    return {
      pid,
      parentPid: numbersOf(status, 'PPid')[0] ?? 0,
      uids,
      gids: numbersOf(status, 'Gid'),
      capabilities: BigInt(`0x${/^CapPrm:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`),
      sameUserNamespace: isSame(userNamespace(kernel.proc, 'self'), namespace),
      // Files of a process that may not be dumped belong to the super-user. Source: proc_pid(5).
      dumpable: owner === uids[1],
      name: before.name,
      startedAtMs: bootMs + (before.ticks * 1000) / TICKS_PER_SECOND,
      numbers: numbersOf(status, 'NSpid'),
      swapBytes: bytesOf(status, 'VmSwap'),
      lockedBytes: bytesOf(status, 'VmLck'),
    };
  } catch {
    return null; // It ended while it was looked at.
  }
}

const ROOT_UID = 0;
/** Places of the real and the saved number among the user numbers. Source: proc_pid_status(5), Uid. */
const [REAL, SAVED] = [0, 2];

/** A program of the super-user that put its rights aside while it works for an account, as Postfix does when it delivers a letter: it is not that account's, whatever number it acts by just now. */
export const isOfTheSuperUser = ({ uids }: Pick<RunningProcess, 'uids'>): boolean => uids[REAL] === ROOT_UID || uids[SAVED] === ROOT_UID;

/** The command's name stands in brackets and may hold anything, brackets and spaces too: only what follows the last one counts. */
function startTicks(folder: string): { name: string; ticks: number } | null {
  const stat = readFileSync(`${folder}/stat`, 'latin1');
  const end = stat.lastIndexOf(')');
  const fields = stat.slice(end + 2).split(' ');
  return ENDED.test(fields[0] ?? '') ? null : { name: stat.slice(stat.indexOf('(') + 1, end), ticks: Number(fields[START_TIME_FIELD]) };
}

/** Everything that runs, by its number. */
export function runningProcesses(kernel: KernelFiles): Map<number, RunningProcess> {
  const bootMs = bootedAtMs(kernel);
  return new Map(processNumbers(kernel).flatMap((pid) => {
    const process = runningProcess(pid, kernel, bootMs);
    return process === null ? [] : [[pid, process] as const];
  }));
}
