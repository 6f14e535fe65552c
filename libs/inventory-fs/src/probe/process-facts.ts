import { readFileSync } from 'node:fs';
import { instantOf, known, unknown, type Instant, type Measured } from '@mailwarden/kernel';
import { readHostFile, type Host } from '../host.js';

/** Ticks a second of the times in /proc; 100 on every Linux that runs Node. Source: sysconf(_SC_CLK_TCK). */
const TICKS_PER_SECOND = 100;
/** A pid file is written right after the start; a process that began later than this has taken over the number. Units: milliseconds. */
const PID_FILE_SLACK_MS = 2_000;
/** Place of the start time among the fields after the command's name. Source: proc_pid_stat(5), field 22. */
const START_TIME_FIELD = 19;
/** A process that ended and whose parent has not asked how. Source: proc_pid_stat(5), field 3. */
const ENDED = /^[ZXx]$/;
const PROCESS_NUMBER = /^\d{1,10}$/;

function bootedAtMs(): number {
  const match = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'));
  return Number(match?.[1] ?? Number.NaN) * 1000;
}

interface ServiceProcess {
  readonly pid: number;
  readonly startedAtMs: number;
}

/** The process that a pid file names, unless its number has been taken over by another one. */
function serviceProcess(host: Host, pidFile: string): Measured<ServiceProcess> {
  const file = readHostFile(host, pidFile);
  if (!file.ok) return unknown(`the pid file says nothing: ${file.error}`);
  const number = file.value.bytes.toString('latin1').trim().split(/\s/, 1)[0] ?? ''; // Some services write more after it.
  const pid = PROCESS_NUMBER.test(number) ? Number(number) : 0;
  if (pid < 1) return unknown('the pid file holds no process number');
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return unknown('the service is not running');
  }
  // The command's name stands in brackets and may hold anything, brackets and spaces too: only what follows the last one counts.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (ENDED.test(fields[0] ?? '')) return unknown('the service is not running');
  const startedAtMs = bootedAtMs() + (Number(fields[START_TIME_FIELD]) * 1000) / TICKS_PER_SECOND;
  if (!Number.isFinite(startedAtMs)) return unknown('the kernel does not tell when the service started');
  if (startedAtMs > file.value.mtimeMs + PID_FILE_SLACK_MS) return unknown('the pid file is older than the process that now has its number');
  return known({ pid, startedAtMs }, pidFile);
}

export function serviceStartedAt(host: Host, pidFile: string): Measured<Instant> {
  const process = serviceProcess(host, pidFile);
  return process.known ? known(instantOf(process.value.startedAtMs), pidFile) : process;
}

/** Soft limit of the service's core files: `0`, `unlimited` or bytes. */
export function serviceCoreLimit(host: Host, pidFile: string): Measured<string> {
  const process = serviceProcess(host, pidFile);
  if (!process.known) return process;
  try {
    const match = /^Max core file size\s+(\S+)/m.exec(readFileSync(`/proc/${process.value.pid}/limits`, 'latin1'));
    return match?.[1] === undefined ? unknown('the kernel shows no core limit for the service') : known(match[1], `/proc/PID/limits of ${pidFile}`);
  } catch {
    return unknown('the limits of the service may not be read');
  }
}
