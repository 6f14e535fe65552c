import { readFileSync } from 'node:fs';
import type { Profile } from '@mailwarden/catalogue';
import { ancestorsOf, type Accounts } from '@mailwarden/inventory';
import type { Host } from '../host.js';
import { KERNEL, type KernelFiles } from './kernel-files.js';
import type { RunningProcess } from './running-process.js';
import { unitsOf } from './service-process.js';
import { hasRoot } from './whose-kernel.js';

const ROOT_UID = 0;
const EFFECTIVE = 1;

/** Numbers of the profile's own accounts on this host; the super-user's is left out, since its processes are everybody's. */
export function productUids({ accounts: { service, others } }: Pick<Profile, 'accounts'>, accounts: Accounts | null): Set<number> {
  const uids = [service, ...others].flatMap((name) => accounts?.byName.get(name)?.uid ?? []);
  return new Set(uids.filter((uid) => uid !== ROOT_UID));
}

/** Control groups of a process, in a line each; empty where they cannot be read. */
export function groupsOfProcess(pid: number, { proc }: KernelFiles): string {
  try {
    return readFileSync(`${proc}/${pid}/cgroup`, 'latin1');
  } catch {
    return '';
  }
}

/**
 * Units that systemd itself keeps a process in, by the lines of its control groups: the first part of each path that is no slice.
 * Below that a unit is its own master: an account may call a group of its own session as the product's unit is called.
 */
export function unitsInGroups(groups: string): string[] {
  return groups.split('\n').flatMap((line) => line.split(':').slice(2).join(':').split('/').find((part) => part !== '' && !part.endsWith('.slice')) ?? []).map((part) => part.replace(/^_/, ''));
}

/** Processes that came from one, itself among them. */
export function familyOf(main: RunningProcess | null, processes: ReadonlyMap<number, RunningProcess>): RunningProcess[] {
  return main === null ? [] : [...processes.values()].filter((process) => process.pid === main.pid || ancestorsOf(process, processes).includes(main.pid));
}

/** A process of a container has numbers of its own, and the same number of an account means another account there. */
function isOfThisHost(host: Host, process: RunningProcess, kernel: KernelFiles): boolean {
  if (host.rootPath === '/') return process.numbers.length <= 1;
  return host.settings.kernel === 'this' ? process.numbers.length <= 1 : hasRoot(host, process.pid, kernel);
}

/** Everything that runs of a product on this host: what its main process started, what its units hold, and what runs as one of its accounts. */
export function productProcesses(parts: { host: Host; profile: Profile; accounts: Accounts | null; main: RunningProcess | null; processes: ReadonlyMap<number, RunningProcess> }, kernel = KERNEL): RunningProcess[] {
  const { host, profile, processes } = parts;
  const uids = productUids(profile, parts.accounts);
  const units = host.rootPath === '/' ? unitsOf(profile) : [];
  const inUnit = (pid: number): boolean => units.length > 0 && unitsInGroups(groupsOfProcess(pid, kernel)).some((unit) => units.includes(unit));
  const family = new Set(familyOf(parts.main, processes).map(({ pid }) => pid));
  return [...processes.values()].filter((process) => family.has(process.pid) || (isOfThisHost(host, process, kernel) && (uids.has(process.uids[EFFECTIVE] ?? ROOT_UID) || inUnit(process.pid))));
}
