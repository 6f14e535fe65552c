import type { BytePath } from '@mailwarden/inventory';
import { isGlob, matchesEntry } from '@mailwarden/rotation-rules';
import type { Host } from '../host.js';
import { hostEntries, hostFileStat } from './host-config.js';

/** Paths that the globs of one host may come to; beyond, rules are not asked for more. */
const PATHS_MAX = 20_000;

export interface FoundFile {
  readonly path: BytePath;
  /** Units: bytes. */
  readonly size: number;
}

/** Files below the host's root that a glob of glob(3) takes in, links not among them. `room` is shared by the globs of one host. */
export function expandGlob(host: Pick<Host, 'root'>, glob: BytePath, room: { left: number } = { left: PATHS_MAX }): FoundFile[] {
  const parts = glob.split('/').slice(1);
  let folders: BytePath[] = [''];
  for (const part of parts.slice(0, -1)) {
    folders = folders.flatMap((folder) => (isGlob(part) ? matching(host, folder, part, room) : [`${folder}/${part}`]));
  }
  const last = parts.at(-1) ?? '';
  const paths = folders.flatMap((folder) => (isGlob(last) ? matching(host, folder, last, room) : [`${folder}/${last}`]));
  return paths.flatMap((path) => {
    const stat = hostFileStat(host, path);
    return stat === null ? [] : [{ path, size: stat.size }];
  });
}

function matching(host: Pick<Host, 'root'>, folder: BytePath, glob: BytePath, room: { left: number }): BytePath[] {
  const names = room.left <= 0 ? [] : hostEntries(host, folder).filter((name) => matchesEntry(glob, name)).slice(0, room.left);
  room.left -= names.length;
  return names.map((name) => `${folder}/${name}`);
}
