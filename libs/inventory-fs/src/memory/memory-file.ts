import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, type Result } from '@mailwarden/kernel';
import { memoryHead, type MemoryHead } from './memory-head.js';

/** Memory larger than this is not kept: reading it would cost more than it saves. Units: bytes. */
export const MEMORY_BYTES_MAX = 64 * 1024 * 1024;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS = 0o077;
const HASH_CHARACTERS = 64;
const NEWLINE = 0x0a;
/** A link in its place is refused, and a pipe keeps nobody waiting. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A memory as it was found. */
export interface LoadedMemory {
  readonly head: MemoryHead;
  /** Lines of folders, in memory that threads can share. */
  readonly lines: Uint8Array<SharedArrayBuffer>;
}

/** Why there is no memory: none was kept yet, or what is there cannot be used, in words. */
export type NoMemory = { readonly kind: 'none' } | { readonly kind: 'useless'; readonly why: string };
const useless = (why: string): Result<never, NoMemory> => err({ kind: 'useless', why });

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes as string, 'latin1').digest('hex');

/**
 * Reads a memory whole: the head, a line for each folder, and the SHA-256 of all that as the last line.
 * Safety: what others than this account may have written is not used. Errors: why there is none to use.
 */
export function loadMemory(folder: string, name: string): Result<LoadedMemory, NoMemory> {
  let fd: number;
  try {
    fd = openSync(join(folder, name), FLAGS);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    return code === 'ENOENT' ? err({ kind: 'none' }) : useless(`it cannot be opened (${code ?? 'unknown'})`);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.uid !== process.geteuid?.() || (stat.mode & OTHERS) !== 0) return useless('others could have written it');
    if (stat.size > MEMORY_BYTES_MAX) return useless('it is too large');
    const bytes = new Uint8Array(new SharedArrayBuffer(stat.size));
    let end = 0;
    for (let read = -1; read !== 0 && end < bytes.length; end += read) read = readSync(fd, bytes, end, bytes.length - end, null);
    return memoryFrom(bytes.subarray(0, end));
  } catch (cause) {
    return useless(`it cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`);
  } finally {
    closeSync(fd);
  }
}

function memoryFrom(bytes: Uint8Array<SharedArrayBuffer>): Result<LoadedMemory, NoMemory> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = text.length - HASH_CHARACTERS;
  if (end < 0 || text.toString('latin1', end) !== sha256(text.subarray(0, end))) return useless('it was damaged');
  const headEnd = text.indexOf(NEWLINE);
  const head = memoryHead.safeParse(JSON.parse(text.toString('latin1', 0, headEnd)));
  if (!head.success) return useless('it has another form');
  return ok({ head: head.data, lines: bytes.subarray(headEnd + 1, end) });
}

/**
 * Writes a memory whole or not at all: beside the old one, synced, renamed, and the folder synced. A crash leaves the old one, or a `.part` that nobody reads; a full disk leaves no part on it.
 * Errors: throws what the file system says.
 */
export async function saveMemory(folder: string, name: string, head: MemoryHead, lines: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  const part = join(folder, `${name}.part`);
  try {
    await writePart(part, `${JSON.stringify(head)}\n${lines.map((line) => `${line}\n`).join('')}`);
    await rename(part, join(folder, name));
  } catch (cause) {
    await rm(part, { force: true });
    throw cause;
  }
  const place = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await place.sync();
  } finally {
    await place.close();
  }
}

async function writePart(part: string, body: string): Promise<void> {
  const file = await open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, FILE_MODE);
  try {
    await file.chmod(FILE_MODE);
    await file.writeFile(`${body}${sha256(body)}`, 'latin1');
    await file.sync();
  } finally {
    await file.close();
  }
}
