import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, lstatSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { lockFile } from '@mailwarden/linux';

const FILE_MODE = 0o600;
const TRIES_MAX = 3;
/** Field of `/proc/PID/stat` that tells when a process started, counted from after its name. Source: proc_pid_stat(5). */
const STARTED_FIELD = 19;

/** A process by its id and the moment it started, since ids are used again. */
function processName(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[STARTED_FIELD] ?? ''}`;
  } catch {
    return null;
  }
}

function heldBy(text: string): number | null {
  const pid = Number.parseInt(text, 10);
  return Number.isInteger(pid) && pid > 0 && processName(pid) === text ? pid : null;
}

/** Whether an open file is still the one under its name. */
function isAt(path: string, fd: number): boolean {
  const [held, there] = [fstatSync(fd), lstatSync(path, { throwIfNoEntry: false })];
  return there?.ino === held.ino && there.dev === held.dev;
}

/** Opens and locks the file of a name. Null where it was given back, and lost its name, between the two. Errors: throws while another process has it. */
function taken(path: string, what: string): number | null {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, FILE_MODE);
  try {
    const isFree = lockFile(fd);
    const holder = heldBy(readFileSync(path, 'latin1'));
    // Of an earlier version the name alone tells that it is at work.
    if (!isFree || holder !== null) throw new Error(`${holder === null ? 'another process' : `process ${holder}`} is carrying out ${what}; wait for it to end`);
    if (isAt(path, fd)) return fd;
  } catch (cause) {
    closeSync(fd);
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
  closeSync(fd);
  return null;
}

/**
 * Takes an order for this process alone; what a process that has died left behind counts for nothing, since the kernel gives back its lock.
 * Returns how to give it back. Errors: throws while another process carries the order out.
 */
export function lockOrder(path: string, what = 'this order'): () => void {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const fd = taken(path, what);
    if (fd === null) continue;
    try {
      ftruncateSync(fd, 0);
      writeSync(fd, processName(process.pid) ?? String(process.pid), 0);
      fsyncSync(fd);
    } catch (cause) {
      closeSync(fd); // On a full disk, say: the order must be free once there is room again.
      throw cause;
    }
    return () => {
      try {
        if (isAt(path, fd)) unlinkSync(path);
      } finally {
        closeSync(fd); // Also where the disk answers nothing any more.
      }
    };
  }
  throw new Error(`${path} cannot be taken; remove it when no executor runs`);
}
