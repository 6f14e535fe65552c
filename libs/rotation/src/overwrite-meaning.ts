/** What a file lies on, as far as the kernel tells. */
export interface Medium {
  /** Kind of the file system, as `ext4`. */
  readonly fileSystem: string;
  /** Whether its disk turns; null where the kernel does not say. */
  readonly rotational: boolean | null;
}

const COPIES_ON_WRITE = new Set(['btrfs', 'zfs', 'bcachefs', 'nilfs2', 'f2fs']);
const IN_PLACE = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'jfs']);
const IN_MEMORY = new Set(['tmpfs', 'ramfs']);

/**
 * Why writing over a file would not reach what it held; null where it may. Even there, copies in a journal, a snapshot, a backup or a remapped sector stay.
 * Source: shred(1), "CAUTION"; NIST SP 800-88 Rev. 1, 2.4 and appendix A.
 */
export function overwritingIsVain({ fileSystem, rotational }: Medium): string | null {
  if (COPIES_ON_WRITE.has(fileSystem)) return `${fileSystem} writes to another place and keeps the old one until it needs it`;
  if (IN_MEMORY.has(fileSystem)) return `${fileSystem} lies in memory`;
  if (!IN_PLACE.has(fileSystem)) return `nobody knows whether ${fileSystem} writes in place`;
  if (rotational === null) return 'the kernel does not tell what kind of disk it is';
  return rotational ? null : 'the disk is no turning one, and puts what is written to another cell';
}
