import { fstatSync, statSync } from 'node:fs';
import { err, ok, type Result } from '@mailwarden/kernel';
import type { Host } from '../host.js';
import { KERNEL, type KernelFiles } from './kernel-files.js';
import { processNumbers } from './running-process.js';

const OTHER_KERNEL = "the running kernel is not known to be that of this root (kernel: this in its host.yaml says so)";

/** True where a process has the host's root for its own root, as in a container or after chroot. */
export function hasRoot(host: Pick<Host, 'root'>, pid: number, { proc }: KernelFiles): boolean {
  try {
    const [of, root] = [statSync(`${proc}/${pid}/root`), fstatSync(host.root.fd)];
    return of.dev === root.dev && of.ino === root.ino;
  } catch {
    return false; // It ended, or may not be looked at: then it proves nothing.
  }
}

const served = new WeakMap<Host, Result<true, string>>();

/**
 * Whether the kernel that runs this scan is the one that serves the scanned host: its settings, its swap and its processes say nothing of a root that
 * belongs to another machine. It is for this host itself, where the host's own settings say so, and where a process runs in that root.
 */
export function kernelServes(host: Host, kernel = KERNEL): Result<true, string> {
  const known = served.get(host);
  if (known !== undefined) return known;
  const does = host.rootPath === '/' || host.settings.kernel === 'this' || processNumbers(kernel).some((pid) => hasRoot(host, pid, kernel));
  const answer = does ? ok(true as const) : err(OTHER_KERNEL);
  served.set(host, answer);
  return answer;
}
