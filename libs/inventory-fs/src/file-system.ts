import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { setTimeout as after } from 'node:timers/promises';
import { known, unknown, type Measured } from '@mailwarden/kernel';
import type { Directory } from './directory-descriptor.js';

/** Storage that does not tell its size within this time is not waited for. Units: milliseconds. */
const ANSWER_MS_MAX = 2_000;

/** Size of a file system as an ordinary account sees it: what is reserved for root is not free. Units: bytes. */
export interface FileSystemRoom {
  /** As the kernel calls it, as `ext4`. */
  readonly type: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** Kind of the file system of a mount, by the lines of /proc/self/mountinfo; null where it is not among them. Source: proc_pid_mountinfo(5). */
export function typeOfMount(mountinfo: string, mountId: number): string | null {
  const line = mountinfo.split('\n').find((candidate) => candidate.startsWith(`${mountId} `));
  return line === undefined ? null : (/ - (\S+) /.exec(line)?.[1] ?? null);
}

/** What a folder lies on, by its open descriptor. Errors: unknown, with the reason, where it is not told in time. */
export async function fileSystemOf(directory: Pick<Directory, 'fd' | 'mountId'>): Promise<Measured<FileSystemRoom>> {
  const timer = new AbortController();
  const late = after(ANSWER_MS_MAX, null, { signal: timer.signal, ref: false }).catch(() => null);
  try {
    const type = typeOfMount(readFileSync('/proc/self/mountinfo', 'latin1'), directory.mountId) ?? 'unknown';
    const size = await Promise.race([statfs(`/proc/self/fd/${directory.fd}`), late]);
    return size === null ? unknown('the storage does not tell its size') : known({ type: type.slice(0, 40), totalBytes: size.blocks * size.bsize, freeBytes: size.bavail * size.bsize });
  } catch (cause) {
    return unknown(`the size of the file system cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`);
  } finally {
    timer.abort();
  }
}
