import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { dropStateFile } from '@mailwarden/config';

/** Keeps a folder of the executor's own within its bounds: what is too old goes, and the oldest of what is too much. */
export function pruneFolder(dir: string, suffix: string, bounds: { readonly nowMs: number; readonly ageMsMax: number; readonly bytesMax: number }): void {
  const files = readdirSync(dir)
    .filter((name) => name.endsWith(suffix) || name.endsWith('.part'))
    .flatMap((name): { name: string; stat: Stats }[] => {
      try {
        return [{ name, stat: lstatSync(join(dir, name)) }];
      } catch {
        return []; // Another executor was quicker.
      }
    })
    .sort((a, b) => b.stat.mtimeMs - a.stat.mtimeMs);
  let bytes = 0;
  for (const { name, stat } of files) {
    bytes += stat.size;
    if (bytes > bounds.bytesMax || bounds.nowMs - stat.mtimeMs > bounds.ageMsMax) dropStateFile(dir, name);
  }
}
