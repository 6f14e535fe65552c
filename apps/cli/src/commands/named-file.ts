import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { readGuarded, readProfileFile } from '@mailwarden/config';
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

/** A file that is acted on is read whole; a larger one is no such file. Units: bytes. */
const ACTED_ON_BYTES_MAX = 300_000;

/** Text of a profile or policy file that was named on the command line, to be looked at and no more. Errors: CommandFailure that names the file as it was typed. */
export async function readNamedFile(file: string, what: 'profile' | 'policy'): Promise<string> {
  return readBy(file, what, readProfileFile);
}

/** The same, to be acted on: nobody but root and whoever runs this may have written it, since its commands are run and its stores deleted from. */
export async function readFileToActOn(file: string, what: 'profile' | 'policy'): Promise<string> {
  const text = await readBy(file, what, (path) => readGuarded(path, ACTED_ON_BYTES_MAX));
  if (text === null) throw new CommandFailure(`${file} cannot be read: ${WHY['ENOENT'] ?? ''}`, `name a ${what} file, as ./my-${what}.yaml`);
  return text;
}

async function readBy<T>(file: string, what: 'profile' | 'policy', read: (path: string) => Promise<T>): Promise<T> {
  try {
    return await read(resolve(file));
  } catch (cause) {
    throw new CommandFailure(`${file} cannot be read: ${whyUnreadable(cause)}`, `name a ${what} file, as ./my-${what}.yaml`, [], { cause });
  }
}

/** Bytes of a file, whatever it is and says of its size, read no further than its bound. Errors: CommandFailure that names the file, and what to name in its place; `tooLong` where there is more. */
export async function boundedBytes(file: string, bytesMax: number, words: { readonly tooLong: readonly [what: string, advice: string]; readonly advice: string }): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new CommandFailure(...words.tooLong);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof CommandFailure) throw cause;
    throw new CommandFailure(`${file} cannot be read: ${whyUnreadable(cause)}`, words.advice, [], { cause });
  }
  return Buffer.concat(chunks);
}
