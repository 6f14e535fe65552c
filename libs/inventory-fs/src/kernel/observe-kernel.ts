import { readlinkSync } from 'node:fs';
import type { Profile, Store } from '@mailwarden/catalogue';
import type { Observation, StoreObservation } from '@mailwarden/contracts';
import { coreDestination, destinationInWords, mayLeaveDump, pathBelow, type Account, type Accounts, type BytePath, type CoreDestination } from '@mailwarden/inventory';
import { known, unknown, type Measured, type Result } from '@mailwarden/kernel';
import type { Host } from '../host.js';
import { coreLimitOf } from '../probe/process-facts.js';
import { coredumpSettings } from './coredump-settings.js';
import { dumpsOnHost } from './dump-places.js';
import type { DumpSeen } from './dump-search.js';
import { beyondPatterns, programsOf, withDumpAccess, withDumps } from './found-dumps.js';
import { KERNEL, kernelSetting } from './kernel-files.js';
import { memoryAccess, type MemoryAccess } from './memory-access.js';
import { openDeleted, type HeldByStore } from './open-deleted.js';
import { productProcesses, productUids } from './product-processes.js';
import { runningProcess, runningProcesses, type RunningProcess } from './running-process.js';
import { productProcess, unitsOf } from './service-process.js';
import { readSwap } from './swap.js';
import { kernelServes } from './whose-kernel.js';

/** What is said where a kernel has no such module: then nothing beyond the account keeps a process out. */
const NO_YAMA = 0;
const REASON_MAX = 500;

/** What the running kernel and its processes tell of a product. */
export interface KernelFacts {
  /** By the names that every reader knows: `core-destination`, `swap` and so on. */
  readonly settings: Observation['settings'];
  readonly held: HeldByStore;
  /** Dumps that lie where the kernel and its collectors put them, of the product. */
  readonly dumps: readonly DumpSeen[];
  /** Folders of dumps that could not be read, with why. */
  readonly unread: readonly string[];
  readonly memory: Measured<MemoryAccess>;
  readonly accounts: Accounts | null;
  readonly shownName: (account: Account) => string;
}

interface Running {
  readonly main: Measured<RunningProcess>;
  readonly all: ReadonlyMap<number, RunningProcess>;
  readonly product: readonly RunningProcess[];
}

const NOTHING_RUNS = { all: new Map<number, RunningProcess>(), product: [] } as const;

async function whatRuns(host: Host, profile: Profile, accounts: Accounts | null, served: Result<true, string>): Promise<Running> {
  if (!served.ok) return { main: unknown(served.error), ...NOTHING_RUNS };
  const main = await productProcess(host, profile);
  const all = new Map(runningProcesses(KERNEL));
  const fresh = main.known ? (all.get(main.value.pid) ?? runningProcess(main.value.pid, KERNEL)) : null;
  return { main, all, product: productProcesses({ host, profile, accounts, main: fresh, processes: all }) };
}

function destination(served: Result<true, string>): Result<CoreDestination, string> {
  if (!served.ok) return served;
  const [pattern, usesPid] = [kernelSetting('kernel.core_pattern'), kernelSetting('kernel.core_uses_pid')];
  return pattern.ok ? { ok: true, value: coreDestination(pattern.value, usesPid.ok && usesPid.value !== '0') } : { ok: false, error: `kernel.core_pattern: ${pattern.error}` };
}

/** Working folders of the product's processes, below the host's root. */
function workFolders(host: Host, processes: readonly RunningProcess[]): BytePath[] {
  const root = Buffer.from(host.rootPath, 'utf8').toString('latin1');
  const folders = processes.flatMap(({ pid }) => {
    try {
      return pathBelow(root, readlinkSync(`${KERNEL.proc}/${pid}/cwd`, { encoding: 'latin1' })) ?? [];
    } catch {
      return []; // It ended, or may not be looked at.
    }
  });
  return [...new Set(folders)];
}

const setting = (name: string, served: Result<true, string>): Measured<string> => {
  const value = served.ok ? kernelSetting(name) : served;
  return value.ok ? known(value.value.slice(0, 300), `sysctl ${name}`) : unknown(served.ok ? `${name}: ${value.error}` : value.error);
};

/** Sum over the product's processes. Units: bytes. */
const total = ({ product, main }: Running, of: (process: RunningProcess) => number): Measured<number> => (main.known || product.length > 0 ? known(product.reduce((sum, process) => sum + of(process), 0), '/proc/PID/status') : main);

function whetherDumped(running: Running, core: Result<CoreDestination, string>, suidDumpable: Measured<string>): Measured<string> {
  if (!running.main.known) return running.main;
  if (!core.ok) return unknown(core.error);
  const limit = coreLimitOf(running.main.value.pid, running.main.source ?? 'the service');
  if (!limit.known) return limit;
  const limitBytes = limit.value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit.value);
  const may = mayLeaveDump({ destination: core.value, limitBytes, dumpable: running.main.value.dumpable, suidDumpable: suidDumpable.known ? Number(suidDumpable.value) : 0 });
  return known(may ? 'yes' : 'no', 'core(5), by kernel.core_pattern, the core limit and what the process may');
}

function dumpSettings(host: Host, running: Running, core: Result<CoreDestination, string>, served: Result<true, string>): Observation['settings'] {
  const suidDumpable = setting('fs.suid_dumpable', served);
  const bySystemd = core.ok && core.value.kind === 'pipe' && core.value.handler === 'systemd-coredump' ? coredumpSettings(host) : null;
  return {
    'core-pattern': setting('kernel.core_pattern', served),
    'core-destination': core.ok ? known(destinationInWords(core.value), 'sysctl kernel.core_pattern') : unknown(core.error),
    'core-limit': running.main.known ? coreLimitOf(running.main.value.pid, running.main.source ?? 'the service') : running.main,
    'core-possible': whetherDumped(running, core, suidDumpable),
    'suid-dumpable': suidDumpable,
    ...(bySystemd === null ? {} : { 'core-storage': known(bySystemd.storage.slice(0, 60), 'coredump.conf'), ...(bySystemd.maxUse === null ? {} : { 'core-max-use': known(bySystemd.maxUse.slice(0, 60), 'coredump.conf') }) }),
  };
}

function memorySettings(running: Running, served: Result<true, string>, access: Measured<MemoryAccess>): Observation['settings'] {
  return {
    swap: served.ok ? readSwap() : unknown(served.error),
    'suid-dumpable': setting('fs.suid_dumpable', served),
    'ptrace-scope': setting('kernel.yama.ptrace_scope', served),
    'memory-readers': access.known ? known(access.value.accounts.length - 1, '/proc/PID/status') : access, // Beyond the super-user.
    'in-swap': total(running, ({ swapBytes }) => swapBytes),
    'locked-memory': total(running, ({ lockedBytes }) => lockedBytes),
  };
}

function whoReads(parts: Parts, running: Running, accounts: Accounts | null): Measured<MemoryAccess> {
  if (!running.main.known) return running.main;
  if (accounts === null) return unknown('the accounts of this host are not known');
  const scope = kernelSetting('kernel.yama.ptrace_scope');
  const { profile } = parts;
  return known(memoryAccess({
    main: running.main.value,
    processes: running.all,
    accounts,
    ptraceScope: scope.ok ? Number(scope.value) : NO_YAMA,
    units: unitsOf(profile),
    declared: [profile.accounts.service, ...profile.accounts.others],
    shownName: parts.shownName,
  }));
}

interface Parts {
  readonly host: Host;
  readonly profile: Profile;
  readonly accounts: Result<Accounts, string>;
  readonly shownName: (account: Account) => string;
}

/** Processes whose open files are the product's: without accounts of its own and without a service, nobody knows which these are. */
function heldBy({ host, profile }: Parts, running: Running, accounts: Accounts | null, served: Result<true, string>): HeldByStore {
  if (!served.ok) return unknown(served.error);
  if (!running.main.known && productUids(profile, accounts).size === 0) return unknown(`which processes are the product's is not known: ${running.main.reason}`.slice(0, REASON_MAX));
  return openDeleted(host, profile.stores, running.product.map(({ pid }) => pid));
}

/** Reads, once in a scan, what the kernel shows of a product: dumps and where they go, its memory, and deleted files that it holds open. */
export async function kernelFacts(parts: Parts): Promise<KernelFacts> {
  const { host, profile } = parts;
  const accounts = parts.accounts.ok ? parts.accounts.value : null;
  const served = kernelServes(host);
  const running = await whatRuns(host, profile, accounts, served);
  const memory = whoReads(parts, running, accounts);
  const core = destination(served);
  const has = (kind: Store['kind']): boolean => profile.stores.some((store) => store.kind === kind);
  const isProduct = programsOf(profile, running.product);
  const unread = new Set<string>();
  return {
    settings: { ...(has('dump') ? dumpSettings(host, running, core, served) : {}), ...(has('memory') ? memorySettings(running, served, memory) : {}) },
    held: heldBy(parts, running, accounts, served),
    dumps: has('dump') ? dumpsOnHost(host, core.ok ? core.value : null, workFolders(host, running.product), isProduct, (folder, why) => void unread.add(`${folder} (${why})`)) : [],
    unread: [...unread],
    memory,
    accounts,
    shownName: parts.shownName,
  };
}

/** Adds to the observation of a store what the kernel tells of it. */
export function withKernelFacts(observed: StoreObservation, store: Store, facts: KernelFacts, nowMs: number): StoreObservation {
  const held = facts.held.known ? facts.held.value.get(store.id) : undefined;
  const hasFiles = store.files.length > 0 && store.kind !== 'table' && store.kind !== 'memory';
  const told: StoreObservation = hasFiles ? { ...observed, openDeleted: facts.held.known ? known({ items: held?.items ?? 0, bytes: held?.bytes ?? 0 }, facts.held.source) : facts.held } : observed;
  if (store.kind === 'memory') return withMemory(told, store, facts.memory);
  if (store.kind !== 'dump') return told;
  const gaps = facts.unread.map((folder) => ({ what: 'dumps of the kernel', why: folder }));
  const dumps = beyondPatterns(store, facts.dumps);
  return { ...withDumpAccess(withDumps(told, dumps, nowMs), store, dumps, facts.accounts, facts.shownName), unknown: [...told.unknown, ...gaps].slice(0, 32) };
}

function withMemory(observed: StoreObservation, { protection }: Store, memory: Measured<MemoryAccess>): StoreObservation {
  if (!memory.known) return { ...observed, unknown: [...observed.unknown, { what: 'who reads its memory', why: memory.reason.slice(0, REASON_MAX) }].slice(0, 32) };
  const { accounts, breaches } = memory.value;
  const undeclared = breaches.filter(({ account }) => protection.accounts?.includes(account) !== true);
  return { ...observed, access: { accounts: accounts.slice(0, 64), breaches: undeclared.slice(0, 64) } };
}
