import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** What a store lies on. */
export interface FileSystem {
  /** As the kernel names it, as `ext4`. */
  readonly type: string;
  /** Whether it writes what is done to folders into one journal, in the order in which it was done: then one sync stands for all that came before it. */
  readonly isOrdered: boolean;
}

/** One journal for all folders. Source: Documentation/filesystems/ext4/journal.rst and xfs/xfs-delayed-logging-design.rst of Linux. */
const ORDERED: ReadonlySet<string> = new Set(['ext3', 'ext4', 'xfs']);
const JOURNALS_OF_EXT = '/proc/fs/jbd2';
/** Fields of a line of mountinfo, before and after the separator. Source: proc_pid_mountinfo(5). */
const [MOUNT_ID, DEVICE] = [0, 2];

interface Mounted {
  readonly type: string;
  readonly device: string;
}

function mountedAs(mountId: number): Mounted | null {
  for (const line of readFileSync('/proc/self/mountinfo', 'latin1').split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const fields = before.split(' ');
    if (Number(fields[MOUNT_ID]) === mountId) return { type: after.split(' ')[0] ?? '', device: fields[DEVICE] ?? '' };
  }
  return null;
}

/** An ext file system may have been made without a journal; one that has it is listed by the kernel. */
function hasJournal(device: string): boolean {
  const link = `/sys/dev/block/${device}/uevent`;
  if (!existsSync(link)) return false;
  const name = /^DEVNAME=(.+)$/m.exec(readFileSync(link, 'latin1'))?.[1]?.replaceAll('/', '!');
  return name !== undefined && existsSync(JOURNALS_OF_EXT) && readdirSync(JOURNALS_OF_EXT).some((entry) => entry.startsWith(`${name}-`));
}

/** What a mount is. Where the kernel does not tell, the careful thing is assumed. */
export function fileSystemOf(mountId: number): FileSystem {
  try {
    const mounted = mountedAs(mountId);
    if (mounted === null) return { type: 'unknown', isOrdered: false };
    const { type, device } = mounted;
    return { type, isOrdered: ORDERED.has(type) && (type === 'xfs' || hasJournal(device)) };
  } catch {
    return { type: 'unknown', isOrdered: false };
  }
}
