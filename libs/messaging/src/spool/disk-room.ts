import { statfs } from 'node:fs/promises';

/** A disk with less than this share free is low. Units: percent of the file system. */
const LOW_PERCENT = 5;
/** On a large disk this much is room enough. Units: bytes. */
const LOW_BYTES = 256 * 1024 * 1024;
/** What an agent may still keep of its own on a disk that is low: the rest is the mail server's. Units: bytes. */
export const LOW_DISK_BYTES_MAX = 2 * 1024 * 1024;

/** True when the file system that holds the folder has so little room left that others will miss it. What cannot be told is no reason to be silent. */
export async function isLow(dir: string): Promise<boolean> {
  try {
    const { bavail, blocks, bsize } = await statfs(dir);
    return blocks > 0 && bavail * bsize < Math.min((blocks * bsize * LOW_PERCENT) / 100, LOW_BYTES);
  } catch {
    return false;
  }
}

/** True for an error of a disk, or of a share of it, that has no room left. */
export const isDiskFull = (cause: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes((cause as NodeJS.ErrnoException).code ?? '');
