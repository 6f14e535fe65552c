import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { known, unknown, type Measured } from '@mailwarden/kernel';
import type { Host } from '../host.js';
import { runCommand } from '../probe/run-command.js';
import { KERNEL, type KernelFiles } from './kernel-files.js';
import { bootedAtMs, runningProcess, type RunningProcess } from './running-process.js';
import { hasRoot, kernelServes } from './whose-kernel.js';

/** Where distributions put it. */
const SYSTEMCTL = ['/usr/bin/systemctl', '/bin/systemctl'] as const;
const SYSTEMCTL_SECONDS_MAX = 5;
/** Hierarchies that systemd keeps its units in: unified, hybrid, and the old one of its own. */
const HIERARCHIES = ['fs/cgroup', 'fs/cgroup/unified', 'fs/cgroup/systemd'] as const;
/** Slices lie in slices, as `system.slice/system-postfix.slice`; more than this is no layout of systemd. Units: folders. */
const SLICES_DEEP_MAX = 8;
const SLICES_MAX = 2_000;

const foldersIn = (path: string): string[] => {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
};

/** Folders of a unit in the kernel's tree of control groups: below any slice, since a unit may be put into another one. */
function* groupsOf(unit: string, { sys }: KernelFiles): Generator<string> {
  const slices = HIERARCHIES.map((hierarchy) => ({ path: `${sys}/${hierarchy}`, deep: 0 }));
  for (let seen = 0; slices.length > 0 && seen < SLICES_MAX; seen += 1) {
    const { path, deep } = slices.shift() ?? { path: '', deep: SLICES_DEEP_MAX };
    for (const name of foldersIn(path)) {
      // A name that means something to the kernel itself is written with a line before it. Source: systemd, cg_escape.
      if (name === unit || name === `_${unit}`) yield `${path}/${name}`;
      else if (name.endsWith('.slice') && deep < SLICES_DEEP_MAX) slices.push({ path: `${path}/${name}`, deep: deep + 1 });
    }
  }
}

/** Numbers of a control group's processes and of those in groups below it. Zero stands for one that cannot be seen from here. */
function membersOf(group: string, deep = 0): number[] {
  let own: number[];
  try {
    own = readFileSync(`${group}/cgroup.procs`, 'latin1').split('\n').map(Number).filter((pid) => pid > 0);
  } catch {
    own = []; // A group whose processes are all in groups below it may refuse to list them.
  }
  return deep >= SLICES_DEEP_MAX ? own : [...own, ...foldersIn(group).flatMap((name) => membersOf(`${group}/${name}`, deep + 1))];
}

/** Of a unit's processes, the one that the others come from: its parent is none of them, and of several such it started first. */
function mainOf(processes: readonly RunningProcess[]): RunningProcess | undefined {
  const numbers = new Set(processes.map(({ pid }) => pid));
  return processes.filter(({ parentPid }) => !numbers.has(parentPid)).sort((a, b) => a.startedAtMs - b.startedAtMs || a.pid - b.pid)[0];
}

/** Whether the kernel counts a process to a unit: a number that went over to another process does not pass. */
export function belongsToUnit(pid: number, unit: string, { proc }: KernelFiles): boolean {
  try {
    return readFileSync(`${proc}/${pid}/cgroup`, 'latin1').split(/[\n/]/).some((part) => part === unit || part === `_${unit}`);
  } catch {
    return false;
  }
}

/** What systemd itself calls the unit's main process; undefined where nobody can be asked. */
async function toldBySystemd(unit: string): Promise<number | undefined> {
  const program = SYSTEMCTL.find((path) => existsSync(path));
  if (program === undefined) return undefined;
  const answer = await runCommand([program, 'show', '--property=MainPID', '--value', '--', unit], SYSTEMCTL_SECONDS_MAX);
  const pid = answer.known ? Number(answer.value.trim()) : 0;
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

/**
 * The main process of a unit of systemd. On this host itself systemd is asked, since it alone knows which process it counts as the main one when an earlier
 * run left some behind; its answer counts only if the kernel has that process in the unit. Otherwise the unit's control group is read.
 */
export async function unitProcess(host: Host, unit: string, kernel = KERNEL): Promise<Measured<RunningProcess>> {
  const served = kernelServes(host, kernel);
  if (!served.ok) return unknown(served.error);
  const told = host.rootPath === '/' && kernel === KERNEL ? await toldBySystemd(unit) : undefined;
  const main = told === undefined || !belongsToUnit(told, unit, kernel) ? null : runningProcess(told, kernel);
  if (main !== null) return known(main, `main process of ${unit}`);
  const bootMs = bootedAtMs(kernel); // Read once: it may differ by a second from one time to the next.
  for (const group of groupsOf(unit, kernel)) {
    // Units are those of this host: of another root only what was started in it.
    const processes = [...new Set(membersOf(group))].filter((pid) => host.rootPath === '/' || hasRoot(host, pid, kernel)).flatMap((pid) => runningProcess(pid, kernel, bootMs) ?? []);
    const first = mainOf(processes);
    if (first !== undefined) return known(first, `control group of ${unit}`);
  }
  return unknown(`no process of ${unit} runs`);
}
