import type { AccessBreach } from '@mailwarden/contracts';
import { memoryWay, type Account, type AccountAccess, type Accounts, type MemoryWay } from '@mailwarden/inventory';
import { groupsOfProcess, familyOf, unitsInGroups } from './product-processes.js';
import { KERNEL, type KernelFiles } from './kernel-files.js';
import { isOfTheSuperUser, type RunningProcess } from './running-process.js';

const EFFECTIVE = 1;
const ROOT_UID = 0;

/** Who is able to read the memory of a product's main process. */
export interface MemoryAccess {
  readonly accounts: AccountAccess[];
  readonly breaches: AccessBreach[];
}

interface Readers {
  readonly account: Account;
  readonly way: MemoryWay;
  items: number;
}

const WORDS: Readonly<Record<MemoryWay, string>> = {
  capability: 'a process of it has the capability CAP_SYS_PTRACE, which passes over every other rule',
  owner: "another program runs as the service's own account, and the kernel lets it look",
};

/** Processes by account and way, beyond the super-user's and the service's own family. */
function readersOf(parts: MemoryParts, kernel: KernelFiles): Readers[] {
  const { main, processes, accounts } = parts;
  const family = new Set(familyOf(main, processes).map(({ pid }) => pid));
  const group = groupsOfProcess(main.pid, kernel);
  const found = new Map<string, Readers>();
  for (const process of processes.values()) {
    const uid = process.uids[EFFECTIVE] ?? ROOT_UID;
    if (uid === ROOT_UID || isOfTheSuperUser(process) || family.has(process.pid)) continue;
    const way = memoryWay(process, main, parts.ptraceScope, processes);
    if (way === null || (way === 'owner' && isKin(process, group, parts, kernel))) continue;
    const key = `${way} ${uid}`;
    const readers = found.get(key) ?? { account: { name: accounts.nameOf(uid), uid, gids: new Set<number>() }, way, items: 0 };
    readers.items += 1;
    found.set(key, readers);
  }
  return [...found.values()];
}

/** A process of the same unit, or of another unit of the product, is the product itself. Who comes in by a session of that account is not. */
function isKin({ pid }: RunningProcess, group: string, { units }: MemoryParts, kernel: KernelFiles): boolean {
  const own = groupsOfProcess(pid, kernel);
  return (own !== '' && own === group) || unitsInGroups(own).some((unit) => units.includes(unit));
}

export interface MemoryParts {
  readonly main: RunningProcess;
  readonly processes: ReadonlyMap<number, RunningProcess>;
  readonly accounts: Accounts;
  /** `kernel.yama.ptrace_scope`; 0 where the kernel has no such module. */
  readonly ptraceScope: number;
  /** Units of the product's services. */
  readonly units: readonly string[];
  /** Accounts that may: those that the profile names. */
  readonly declared: readonly string[];
  readonly shownName: (account: Account) => string;
}

/**
 * Accounts whose processes the kernel would let read the service's memory now, by /proc/PID/mem or ptrace. The super-user always can.
 * Privacy: accounts of persons are shown as `shownName` says.
 */
export function memoryAccess(parts: MemoryParts, kernel = KERNEL): MemoryAccess {
  const readers = readersOf(parts, kernel);
  const undeclared = readers.filter(({ account, way }) => way === 'owner' || !parts.declared.includes(account.name));
  return {
    accounts: [{ name: 'root', read: true, write: true, because: 'the super-user' }, ...readers.map(({ account, way }) => ({ name: parts.shownName(account), read: true, write: true, because: WORDS[way] }))],
    breaches: undeclared.map(({ account, way, items }) => ({ kind: way, account: parts.shownName(account), read: true, write: true, items, mode: '', because: WORDS[way] })),
  };
}
