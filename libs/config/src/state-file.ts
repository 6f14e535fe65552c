import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { servedByOthers } from './served-by-others.js';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const GROUP_OR_OTHERS_WRITE = 0o022;
const NOT_FOLLOWED = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const own = (): number => process.geteuid?.() ?? 0;

/** Errors: throws when others could have written what was opened. */
function checkOwner(fd: number, path: string): void {
  if (servedByOthers(fd)) throw new Error(`${path} is acted on as this program's own word and lies in a file system that a program of another account serves; put it where root mounted one`);
  const { uid, mode } = fstatSync(fd);
  if (uid !== own() || (mode & GROUP_OR_OTHERS_WRITE) !== 0) throw new Error(`${path} is acted on as this program's own word and must belong to its account alone; run: chown root ${path} && chmod go-w ${path}`);
}

function syncFolder(dir: string): void {
  const fd = openSync(dir, NOT_FOLLOWED | constants.O_DIRECTORY);
  try {
    checkOwner(fd, dir);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A folder of a program's own state, made where it is missing. Errors: throws when it belongs to others, or cannot be made. */
export function stateFolder(dir: string): string {
  mkdirSync(dir, { recursive: true, mode: FOLDER_MODE });
  syncFolder(dir);
  return dir;
}

/** Removes a file of a program's own state, if it is there. */
export function dropStateFile(dir: string, name: string): void {
  try {
    unlinkSync(join(dir, name));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  }
}

/** Writes a whole file or nothing; a crash leaves the old one. Errors: throws when it cannot be made to last. */
export function writeStateFile(dir: string, name: string, ...parts: readonly Uint8Array[]): void {
  const part = join(dir, `${name}.part`);
  dropStateFile(dir, `${name}.part`);
  const fd = openSync(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, FILE_MODE);
  try {
    for (const bytes of parts) for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(part, join(dir, name));
  syncFolder(dir);
}

/** Null where there is none. Errors: throws when others could have written it, when it is none of ours, or is too large. */
export function readStateFile(dir: string, name: string, bytesMax: number): Buffer | null {
  const path = join(dir, name);
  let fd: number;
  try {
    fd = openSync(path, NOT_FOLLOWED);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
  try {
    checkOwner(fd, path);
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > bytesMax) throw new Error(`${path} is not a file of at most ${bytesMax} bytes`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}
