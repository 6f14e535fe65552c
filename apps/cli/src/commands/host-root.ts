import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommandFailure } from '../failure.js';
import { whyUnreadable } from './named-file.js';

/** The folder that stands for the host, looked at before any work. Errors: CommandFailure when it is none. */
export function hostRoot(root: string): string {
  const path = resolve(root);
  const advice = 'name a folder that holds the etc and var of a host with --root';
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CommandFailure(`the host's root ${path} cannot be opened: ${absent ? 'there is no such folder' : whyUnreadable(cause)}`, advice, [], { cause });
  }
  if (!isFolder) throw new CommandFailure(`the host's root ${path} cannot be opened: it is no folder`, advice);
  return path;
}
