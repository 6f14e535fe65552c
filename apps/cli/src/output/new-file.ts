import { open, type FileHandle } from 'node:fs/promises';
import { CommandFailure } from '../failure.js';

/** A new file that whoever runs this may read alone. Errors: CommandFailure where it is there already, or cannot be made. */
export async function newFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new CommandFailure(`${path} cannot be written: ${exists ? 'it is there already' : cause instanceof Error ? cause.message : 'it failed'}`, exists ? 'name another file, or remove it first' : 'name a file in a folder that this account may write to', [], { cause });
  }
}
