import { closeSync, constants, fsyncSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';

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

function heldBy(path: string): number | null {
  const text = readFileSync(path, 'latin1');
  const pid = Number.parseInt(text, 10);
  return Number.isInteger(pid) && pid > 0 && processName(pid) === text ? pid : null;
}

/** Takes an order for this process alone; what a process that has died left behind counts for nothing. Returns how to give it back. Errors: throws while another process carries the order out. */
export function lockOrder(path: string): () => void {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    try {
      const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, FILE_MODE);
      writeSync(fd, processName(process.pid) ?? String(process.pid));
      fsyncSync(fd);
      closeSync(fd);
      return () => unlinkSync(path);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    }
    const holder = heldBy(path);
    if (holder !== null) throw new Error(`process ${holder} is carrying out this order; wait for it to end`);
    unlinkSync(path);
  }
  throw new Error(`${path} cannot be taken; remove it when no executor runs`);
}
