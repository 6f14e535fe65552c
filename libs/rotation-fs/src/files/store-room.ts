import { statfsSync } from 'node:fs';
import { compilePatterns } from '@mailwarden/inventory';
import { closeDirectory, openDirectoryBeneath } from '@mailwarden/inventory-fs';
import type { Room } from '@mailwarden/rotation';
import type { RotateRequest } from '../rotate-request.js';

/** The file system of the first of a store's places that is there, as an ordinary account sees it; null where it is not asked for or not told. */
export function roomOf({ host, store, watermarks }: Pick<RotateRequest, 'host' | 'store' | 'watermarks'>): Room | null {
  if (!watermarks.some(({ kind }) => kind === 'free-space')) return null;
  for (const root of compilePatterns(store.files).roots) {
    const opened = openDirectoryBeneath(host.root, root);
    if (!opened.ok) continue;
    try {
      const { blocks, bavail, bsize } = statfsSync(`/proc/self/fd/${opened.value.directory.fd}`);
      return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
    } catch {
      return null;
    } finally {
      closeDirectory(opened.value.directory);
    }
  }
  return null;
}
