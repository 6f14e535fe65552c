import { execFileSync } from 'node:child_process';

/** Said in the title of what an ordinary user cannot try. */
export const ONLY_ROOT = process.geteuid?.() === 0 ? '' : ' (skipped: only root may mount)';

/** Mounts a file system of its own on a folder while `use` lasts. */
export async function withFileSystem<T>(type: 'tmpfs', folder: string, use: () => Promise<T>): Promise<T> {
  execFileSync('/bin/mount', ['-t', type, '-o', 'mode=0755', type, folder]);
  try {
    return await use();
  } finally {
    execFileSync('/bin/umount', ['--lazy', folder]);
  }
}
