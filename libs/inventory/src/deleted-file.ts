import type { BytePath } from './pattern.js';

/** What the kernel writes behind the path of a file that is gone by name. Source: proc_pid_fd(5). */
const DELETED = ' (deleted)';

/**
 * The path that an open file had when it was deleted, from the text of its link in /proc; null where the text does not say so.
 * The text alone proves nothing, since a file may really be named so: the caller looks whether the file has no name left.
 */
export const formerPath = (link: BytePath): BytePath | null => (link.startsWith('/') && link.endsWith(DELETED) ? link.slice(0, -DELETED.length) : null);

/** The path below a host's root of a path that this host itself sees; null where it lies elsewhere. */
export function pathBelow(rootPath: BytePath, path: BytePath): BytePath | null {
  const root = rootPath.replace(/\/+$/, '');
  if (root === '') return path;
  return path === root ? '/' : path.startsWith(`${root}/`) ? path.slice(root.length) : null;
}
