import { readFileSync } from 'node:fs';

const KERNEL_LIMIT = '/proc/sys/fs/inotify/max_user_watches';
/** The agent leaves the rest to what else runs under its account. Units: share of what the kernel allows one account. */
const SHARE = 0.25;

/** How many folders may be watched: as the settings say, and no more than a share of what the kernel allows. */
export function foldersToWatch(settingMax: number, read: () => string = () => readFileSync(KERNEL_LIMIT, 'latin1')): number {
  try {
    const allowed = Number(read().trim());
    return Number.isSafeInteger(allowed) && allowed >= 0 ? Math.min(settingMax, Math.floor(allowed * SHARE)) : 0;
  } catch {
    return 0; // A kernel without it.
  }
}
