import { readFileSync } from 'node:fs';

/** Kinds of file systems that lie on this host and hold files. Others are the kernel's, the network's, a program's or only for reading. Source: filesystems(5). */
const OWN_TYPES = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'zfs', 'f2fs', 'jfs', 'reiserfs', 'bcachefs', 'nilfs2', 'tmpfs']);

interface Mount {
  readonly id: number;
  readonly device: string;
  /** Folder within the file system that is seen at the mount. */
  readonly root: string;
  readonly type: string;
}

/** Fields of a line; a mount can have further fields before the dash. Source: proc_pid_mountinfo(5). */
const LINE = /^(\d+) \d+ (\S+) (\S+) .*? - (\S+) /;
const mountsIn = (text: string): Mount[] =>
  text.split('\n').flatMap((line) => {
    const [, id, device, root, type] = LINE.exec(line) ?? [];
    return id === undefined || device === undefined || root === undefined || type === undefined ? [] : [{ id: Number(id), device, root, type }];
  });

const holds = (outer: string, inner: string): boolean => outer === '/' || inner === outer || inner.startsWith(`${outer}/`);

/**
 * Numbers of the mounts that are looked at: file systems of this host, each part of one once.
 * A folder that is mounted a second time elsewhere is passed over there, so that nothing counts twice.
 */
export function ownMountsIn(mountinfo: string): ReadonlySet<number> {
  const mounts = mountsIn(mountinfo).filter(({ type }) => OWN_TYPES.has(type));
  const seenBefore = (mount: Mount, index: number): boolean => mounts.some((other, at) => other.device === mount.device && holds(other.root, mount.root) && (other.root !== mount.root || at < index));
  return new Set(mounts.filter((mount, index) => !seenBefore(mount, index)).map(({ id }) => id));
}

/** Errors: none; where the kernel tells no mounts, none but that of the root itself is looked at. */
export function ownMounts(): ReadonlySet<number> {
  try {
    return ownMountsIn(readFileSync('/proc/self/mountinfo', 'latin1'));
  } catch {
    return new Set();
  }
}
