/** How one process sees the mounts that its descriptors lie in. */
export interface MountView {
  /** Text of a file of /proc. */
  readonly textOf: (path: string) => string;
  /** Kind of the file system that a path lies on, as statfs(2) tells it. */
  readonly kindOf: (path: string) => number;
  /** The running account. */
  readonly own: number;
}

const ROOT = 0;
/** File systems that a program answers for, which any account may have started. Source: fuse(4), and Documentation/filesystems of Linux. */
const OF_A_PROGRAM = /^(?:fuse|fuseblk)(?:\.|$)|^coda$/;
/** Of FUSE. Source: linux/magic.h. */
const KIND_OF_A_PROGRAM = 0x65735546;
/** Who mounted it, among the options of the file system itself, which the kernel writes. Source: fuse(4). */
const BY_WHOM = /(?:^|,)user_id=(\d+)(?:,|$)/;

/** Kind and options of a mount; null where it is not among those that can be reached by a name, as one that was taken away while it was in use. Source: proc_pid_mountinfo(5). */
function mountedAs(mountinfo: string, mountId: string): { readonly type: string; readonly options: string } | null {
  const line = mountinfo.split('\n').find((candidate) => candidate.startsWith(`${mountId} `));
  const [type, , options = ''] = line?.split(' - ')[1]?.split(' ') ?? [];
  return type === undefined ? null : { type, options };
}

/**
 * Whether another account than root and the running one could answer for what an open descriptor shows: a program of its own is the file system, and says of any file that it is root's.
 * Safety: what is told of owner and mode counts only where this is false. Errors: throws what the view throws, and where the kernel tells no mount; then nobody knows.
 */
export function isServedByOthers(fd: number, { textOf, kindOf, own }: MountView): boolean {
  const mountId = /^mnt_id:\s*(\d+)$/m.exec(textOf(`/proc/self/fdinfo/${fd}`))?.[1];
  if (mountId === undefined) throw new Error('the kernel tells no mount of what was opened; /proc must be that of this host');
  const mount = mountedAs(textOf('/proc/self/mountinfo'), mountId);
  if (mount === null) return kindOf(`/proc/self/fd/${fd}`) === KIND_OF_A_PROGRAM;
  if (!OF_A_PROGRAM.test(mount.type)) return false;
  const by = BY_WHOM.exec(mount.options)?.[1];
  return by === undefined || ![ROOT, own].includes(Number(by));
}
