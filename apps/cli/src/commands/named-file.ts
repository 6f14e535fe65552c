import { resolve } from 'node:path';
import { readProfileFile } from '@mailwarden/config';
import { CommandFailure } from '../failure.js';

/** What the kernel answers, in words for the person who typed the path. */
const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'this account may not read it',
  ELOOP: 'its links lead round in a circle',
};

export const whyUnreadable = (cause: unknown): string => WHY[(cause as NodeJS.ErrnoException | null)?.code ?? ''] ?? (cause instanceof Error ? cause.message : 'it cannot be read');

/** Text of a profile or policy file that was named on the command line. Errors: CommandFailure that names the file as it was typed. */
export async function readNamedFile(file: string, what: 'profile' | 'policy'): Promise<string> {
  try {
    return await readProfileFile(resolve(file));
  } catch (cause) {
    throw new CommandFailure(`${file} cannot be read: ${whyUnreadable(cause)}`, `name a ${what} file, as ./my-${what}.yaml`, [], { cause });
  }
}
