import type { Probe, Profile } from '@mailwarden/catalogue';
import { known, unknown, type Measured } from '@mailwarden/kernel';
import { readHostFile, type Host } from '../host.js';
import { KERNEL, type KernelFiles } from './kernel-files.js';
import { bootedAtMs, processNumbers, runningProcess, type RunningProcess } from './running-process.js';
import { unitProcess } from './unit-process.js';
import { hasRoot, kernelServes } from './whose-kernel.js';

/** A pid file is written right after the start; a process that began later than this has taken over the number. Units: milliseconds. */
const PID_FILE_SLACK_MS = 2_000;
const PROCESS_NUMBER = /^\d{1,10}$/;
const NOT_RUNNING = 'the service is not running';

type ServiceName = Extract<Probe, { kind: 'process' }>['by'];

/** The process that has a number where the scanned root is its own: in a container, or after chroot. */
function ofContainer(host: Host, number: number, kernel: KernelFiles): RunningProcess | null {
  for (const pid of processNumbers(kernel)) {
    if (!hasRoot(host, pid, kernel)) continue;
    const process = runningProcess(pid, kernel);
    if (process?.numbers.at(-1) === number) return process;
  }
  return null;
}

/** A pid file counts numbers as its own host does: as here for this host, and for a tree that says so of itself; else as what runs in that root does. */
function numbered(host: Host, number: number, kernel: KernelFiles): RunningProcess | null {
  const inside = host.rootPath === '/' ? null : ofContainer(host, number, kernel);
  if (inside !== null || (host.rootPath !== '/' && host.settings.kernel !== 'this')) return inside;
  const here = runningProcess(number, kernel);
  return here !== null && here.numbers.length > 1 ? null : here; // A process of some container never wrote this file.
}

/** The process that a pid file names, unless its number has been taken over by another one. */
function byPidFile(host: Host, pidFile: string, kernel: KernelFiles): Measured<RunningProcess> {
  const file = readHostFile(host, pidFile);
  if (!file.ok) return unknown(`the pid file says nothing: ${file.error}`);
  const text = file.value.bytes.toString('latin1').trim().split(/\s/, 1)[0] ?? ''; // Some services write more after it.
  const number = PROCESS_NUMBER.test(text) ? Number(text) : 0;
  if (number < 1) return unknown('the pid file holds no process number');
  const served = kernelServes(host, kernel);
  if (!served.ok) return unknown(served.error);
  const process = numbered(host, number, kernel);
  if (process === null) return unknown(NOT_RUNNING);
  if (!Number.isFinite(process.startedAtMs)) return unknown('the kernel does not tell when the service started');
  if (file.value.mtimeMs < bootedAtMs(kernel) - PID_FILE_SLACK_MS) return unknown('the pid file is from before this machine was started');
  if (process.startedAtMs > file.value.mtimeMs + PID_FILE_SLACK_MS) return unknown('the pid file is older than the process that now has its number');
  return known(process, pidFile);
}

/** The main process of a service, by its pid file or its unit. */
export function serviceProcess(host: Host, by: ServiceName, kernel = KERNEL): Promise<Measured<RunningProcess>> {
  return 'unit' in by ? unitProcess(host, by.unit, kernel) : Promise.resolve(byPidFile(host, by.pidFile, kernel));
}

/** Units that the profile's services have, where it names them so. */
export const unitsOf = ({ services }: Pick<Profile, 'services'>): string[] => services.map((name) => (name.endsWith('.service') ? name : `${name}.service`));

/** The main process of a profile's product: by what its start is read from, else by the units of its services. */
export async function productProcess(host: Host, profile: Profile, kernel = KERNEL): Promise<Measured<RunningProcess>> {
  const named = profile.serviceStart?.probes.flatMap((probe) => (probe.kind === 'process' ? [probe.by] : [])) ?? [];
  let failed: Measured<RunningProcess> | null = null;
  for (const by of [...named, ...unitsOf(profile).map((unit) => ({ unit }))]) {
    const process = await serviceProcess(host, by, kernel);
    if (process.known) return process;
    failed ??= process;
  }
  return failed ?? unknown('the profile names no service');
}
