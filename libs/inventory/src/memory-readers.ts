/** What decides whether one process may read the memory of another. Source: ptrace(2), "Ptrace access mode checking". */
export interface ProcessRights {
  readonly pid: number;
  readonly parentPid: number;
  /** Real, effective, saved and file-system numbers. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** Permitted capabilities, as bits. */
  readonly capabilities: bigint;
  /** False for a process in a user namespace of its own, whose capabilities mean nothing outside of it. */
  readonly sameUserNamespace: boolean;
  /** False for one that changed its rights, or asked not to be looked at. */
  readonly dumpable: boolean;
}

/** By what a process gets at the memory of another one. */
export type MemoryWay = 'capability' | 'owner';

/** Source: linux/capability.h. */
const CAP_SYS_PTRACE = 1n << 19n;
/** `kernel.yama.ptrace_scope`: from here on the account alone is not enough, only an ancestor may; then only the capability; then nobody. */
const ANCESTORS_ONLY = 1;
const CAPABILITY_ONLY = 2;
const NOBODY = 3;
const REAL_EFFECTIVE_SAVED = 3;
const FILE_SYSTEM = 3;

const hasCapability = (caller: ProcessRights): boolean => caller.sameUserNamespace && (caller.capabilities & CAP_SYS_PTRACE) !== 0n;

/** All of the target's numbers are those that the caller acts by. */
const sameNumbers = (caller: ProcessRights, target: ProcessRights): boolean =>
  target.uids.slice(0, REAL_EFFECTIVE_SAVED).every((uid) => uid === caller.uids[FILE_SYSTEM]) && target.gids.slice(0, REAL_EFFECTIVE_SAVED).every((gid) => gid === caller.gids[FILE_SYSTEM]);

/** Ancestors of a process among those that run, nearest first. */
export function ancestorsOf({ parentPid }: Pick<ProcessRights, 'parentPid'>, byPid: ReadonlyMap<number, Pick<ProcessRights, 'parentPid'>>): number[] {
  const found: number[] = [];
  for (let pid = parentPid; pid > 0 && !found.includes(pid); pid = byPid.get(pid)?.parentPid ?? 0) found.push(pid);
  return found;
}

/** By what one process may read another's memory, as the kernel decides; null where it may not. */
export function memoryWay(caller: ProcessRights, target: ProcessRights, ptraceScope: number, byPid: ReadonlyMap<number, ProcessRights>): MemoryWay | null {
  if (ptraceScope >= NOBODY) return null;
  if (hasCapability(caller)) return 'capability';
  const holdsAsMuch = (target.capabilities & ~caller.capabilities) === 0n;
  if (ptraceScope >= CAPABILITY_ONLY || !target.dumpable || !sameNumbers(caller, target) || !holdsAsMuch) return null;
  return ptraceScope < ANCESTORS_ONLY || ancestorsOf(target, byPid).includes(caller.pid) ? 'owner' : null;
}
