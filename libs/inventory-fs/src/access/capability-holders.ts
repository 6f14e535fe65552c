import { capabilitiesIn, type CapabilityHolder } from '@mailwarden/inventory';
import { known, unknown, type Measured } from '@mailwarden/kernel';
import type { Host } from '../host.js';
import { KERNEL, type KernelFiles } from '../kernel/kernel-files.js';
import { isOfTheSuperUser, runningProcesses, type RunningProcess } from '../kernel/running-process.js';
import { hasRoot, kernelServes } from '../kernel/whose-kernel.js';

const ROOT_UID = 0;
/** The number that the kernel judges file accesses by. Source: proc_pid_status(5), Uid. */
const FILE_SYSTEM = 3;

/** A process of a container has numbers of its own, and its capabilities mean nothing outside of it; another root's files are not these. */
function actsHere(host: Host, process: RunningProcess, kernel: KernelFiles): boolean {
  if (!process.sameUserNamespace) return false;
  return host.rootPath === '/' ? process.numbers.length <= 1 : hasRoot(host, process.pid, kernel);
}

/**
 * Accounts other than the super-user whose processes hold a capability that passes over the rights of files, each once with each.
 * What a process is permitted counts, since it can make that effective at any time. Errors: unknown where the processes of this root cannot be seen.
 */
export function capabilityHolders(host: Host, kernel = KERNEL): Measured<CapabilityHolder[]> {
  const serves = kernelServes(host, kernel);
  if (!serves.ok) return unknown(serves.error);
  const found = new Map<string, CapabilityHolder>();
  for (const process of runningProcesses(kernel).values()) {
    const uid = process.uids[FILE_SYSTEM] ?? ROOT_UID;
    if (uid === ROOT_UID || isOfTheSuperUser(process) || process.capabilities === 0n || !actsHere(host, process, kernel)) continue;
    const isOwn = process.pid === globalThis.process.pid;
    for (const capability of capabilitiesIn(process.capabilities)) {
      const key = `${uid} ${capability}`;
      // Another process of the account is not excused by our own.
      if (found.get(key)?.isOwn !== false) found.set(key, { uid, capability, isOwn });
    }
  }
  return known([...found.values()], '/proc/PID/status');
}
