import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** A log that has grown beyond this begins anew: a local runtime is looked at, not archived. Units: bytes. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;
const LAST_LINES = 6;
/** Never through a link: nobody's file but the log is written to. */
const WRITES = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const pathOf = (dir: string, name: string): string => join(dir, `${name}.log`);

/** Opens the log of one process for appending. The caller closes the descriptor. */
export function openLog(dir: string, name: string): number {
  mkdirSync(dir, { recursive: true, mode: FOLDER_MODE });
  trimLog(dir, name);
  return openSync(pathOf(dir, name), WRITES | constants.O_APPEND | constants.O_CREAT, FILE_MODE);
}

/** Begins a log anew when it is too long. It is opened for appending by its writer, which goes on at the new end. */
export function trimLog(dir: string, name: string): void {
  try {
    const fd = openSync(pathOf(dir, name), WRITES);
    try {
      if (fstatSync(fd).size > LOG_BYTES_MAX) ftruncateSync(fd, 0);
    } finally {
      closeSync(fd);
    }
  } catch {
    return; // There is none yet.
  }
}

/** What a process said last, for the person whose start failed. */
export function lastLinesOf(dir: string, name: string): string {
  try {
    return readFileSync(pathOf(dir, name), 'utf8').trim().split('\n').slice(-LAST_LINES).join('\n');
  } catch {
    return '';
  }
}
