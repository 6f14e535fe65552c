import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { closeDirectory, entryPath, openDirectoryBeneath, statEntry, type Host } from '@mailwarden/inventory-fs';
import { lockFile } from '@mailwarden/linux';
import type { RotateRequest } from '../rotate-request.js';

/** Where Debian, the RHEL family and older versions keep logrotate's record, which it locks while it works. Source: logrotate.c, `lockState`. */
const RECORDS = [['/var/lib/logrotate', 'status'], ['/var/lib/logrotate', 'logrotate.status'], ['/var/lib', 'logrotate.status']] as const;
/** How long a run of logrotate is waited for. Units: milliseconds. */
const LOGROTATE_MS_MAX = 10_000;
const LOOK_EVERY_MS = 50;
/** A record that everybody may read, everybody may lock for ever: logrotate itself does not lock such a one. Source: logrotate.c, `lockState`. */
const OTHERS_READ = 0o004;

/** A lock that is held; closing it gives it back. */
export interface HeldLock {
  close(): void;
}

const NOTHING_TO_LOCK: HeldLock = { close: () => undefined };

function tryLock(host: Pick<Host, 'root'>, folder: string, name: string): HeldLock | 'busy' | null {
  const beneath = openDirectoryBeneath(host.root, folder);
  if (!beneath.ok) return null;
  const { directory } = beneath.value;
  let fd: number | null = null;
  try {
    fd = openSync(entryPath(directory, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const held = fd;
    if ((fstatSync(held).mode & OTHERS_READ) !== 0) return null;
    if (!lockFile(held)) return 'busy';
    // A run that ended meanwhile put a new record in the place of the one that is now locked.
    if (fstatSync(held).ino !== statEntry(directory, name).ino) return 'busy';
    fd = null;
    return { close: () => closeSync(held) };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause; // Nobody knows then whether it is at work.
  } finally {
    if (fd !== null) closeSync(fd);
    closeDirectory(directory);
  }
}

/** Keeps logrotate from beginning while we work on logs that are also its own. Errors: throws when its record is there and cannot be locked. Null when it is at work and does not end in time, which is never longer than the order's own. */
export async function lockOutLogrotate({ host, bounds }: Pick<RotateRequest, 'host' | 'bounds'>): Promise<HeldLock | null> {
  const endTicks = performance.now() + Math.min(LOGROTATE_MS_MAX, bounds.deadlineSeconds * 1000);
  for (const [folder, name] of RECORDS) {
    let lock = tryLock(host, folder, name);
    while (lock === 'busy' && performance.now() < endTicks) {
      await after(LOOK_EVERY_MS);
      lock = tryLock(host, folder, name);
    }
    if (lock === 'busy') return null;
    if (lock !== null) return lock;
  }
  return NOTHING_TO_LOCK;
}
