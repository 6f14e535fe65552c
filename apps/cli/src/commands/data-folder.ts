import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { CommandFailure } from '../failure.js';
import { whyUnreadable } from './named-file.js';

const WHY: Readonly<Record<string, string>> = { EACCES: 'this account may not write there', EROFS: 'the file system is read-only', ENOSPC: 'the disk is full', EEXIST: 'a file is there, not a folder', ENOENT: 'no folder can be made there' };

/** Others pass through, as the database's account does, and put nothing there. */
const FOLDER_MODE = 0o755;

/**
 * Makes the data folder and what is missing above it, one folder at a time: Node's own recursive way never ends where a file system refuses new folders, as /proc does.
 * Errors: CommandFailure that says why it cannot be.
 */
export function makeDataFolder(path: string): void {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder) && dirname(folder) !== folder; folder = dirname(folder)) missing.unshift(folder);
  try {
    for (const folder of missing) mkdirSync(folder, { mode: FOLDER_MODE });
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    throw new CommandFailure(`the data folder ${path} cannot be made: ${WHY[code] ?? whyUnreadable(cause)}`, 'name a folder of your own with --data', [], { cause });
  }
}
