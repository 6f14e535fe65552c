import { C_LIBRARY, lastError } from './c-library.js';
import { cBytes, cText } from './c-bytes.js';
import { EntryFacts, FACTS_WANTED } from './entry-facts.js';
import { kernelError } from './folder-reader.js';

const openAt = C_LIBRARY.func('int openat(int fd, const uint8_t *name, int flags, int mode)') as (fd: number, name: Uint8Array, flags: number, mode: number) => number;
const close = C_LIBRARY.func('int close(int fd)') as (fd: number) => number;
const readFacts = C_LIBRARY.func('int statx(int fd, const uint8_t *name, int flags, unsigned int mask, uint8_t *facts)') as (fd: number, name: Uint8Array, flags: number, mask: number, facts: Uint8Array) => number;
const readAttribute = C_LIBRARY.func('long fgetxattr(int fd, const char *attribute, uint8_t *value, size_t size)') as (fd: number, attribute: string, value: Uint8Array, size: number) => number;

/** Source: fcntl-linux.h; the two differ between architectures. */
const FLAGS: Readonly<Record<string, { readonly directory: number; readonly noFollow: number }>> = { arm64: { directory: 0o40_000, noFollow: 0o100_000 }, arm: { directory: 0o40_000, noFollow: 0o100_000 } };
const { directory: DIRECTORY, noFollow: NO_FOLLOW } = FLAGS[process.arch] ?? { directory: 0o200_000, noFollow: 0o400_000 };
const CLOSE_ON_EXEC = 0o2_000_000;
/** Source: stat(2) and statx(2). */
const STAT_NO_FOLLOW = 0x100;
const STAT_NO_AUTOMOUNT = 0x800;
const STAT_EMPTY_PATH = 0x1000;
const STAT_DONT_SYNC = 0x4000;
/** Source: fcntl.h, AT_FDCWD; nothing to an absolute path. */
const WORKING_FOLDER = -100;
const ATTRIBUTE_BYTES_MAX = 65_536;
const NOTHING = cText('').bytes;

/** Opens one entry of an open folder as a folder, for reading; a link is refused. Errors: throws with the kernel's name of the error as `code`. */
export function openFolderAt(fd: number, name: string): number {
  const opened = openAt(fd, cText(name).bytes, DIRECTORY | NO_FOLLOW | CLOSE_ON_EXEC, 0);
  if (opened < 0) throw kernelError('the folder could not be opened', lastError());
  return opened;
}

/** Closes a descriptor that this library opened. */
export const closeDescriptor = (fd: number): void => void close(fd);

/** Facts of one entry of an open folder, links not followed and nothing mounted by looking. Errors: throws with the kernel's name of the error as `code`. */
export function factsAt(fd: number, name: string, facts: EntryFacts): void {
  if (readFacts(fd, cText(name).bytes, STAT_NO_FOLLOW | STAT_NO_AUTOMOUNT, FACTS_WANTED, facts.bytes) !== 0) throw kernelError('the entry could not be looked at', lastError());
}

/**
 * The mount that an entry of an open folder lies in, without asking a server that the mount may be on the other side of: one that does not answer holds nobody here.
 * Null where the kernel does not say. Errors: throws with the kernel's name of the error as `code`.
 */
export function mountAt(fd: number, name: string, facts: EntryFacts): number | null {
  if (readFacts(fd, cText(name).bytes, STAT_NO_FOLLOW | STAT_NO_AUTOMOUNT | STAT_DONT_SYNC, FACTS_WANTED, facts.bytes) !== 0) throw kernelError('the entry could not be looked at', lastError());
  return facts.mountId;
}

/**
 * Facts of what a path of /proc leads to, as the kernel has them at hand: a file server behind it is not asked, so one that does not answer holds nobody here.
 * Errors: throws with the kernel's name of the error as `code`.
 */
export function factsBehind(path: string, facts: EntryFacts): void {
  if (readFacts(WORKING_FOLDER, cText(path).bytes, STAT_NO_AUTOMOUNT | STAT_DONT_SYNC, FACTS_WANTED, facts.bytes) !== 0) throw kernelError('what is behind it could not be looked at', lastError());
}

/** Facts of an open descriptor. Errors: throws with the kernel's name of the error as `code`. */
export function factsOf(fd: number, facts: EntryFacts): void {
  if (readFacts(fd, NOTHING, STAT_EMPTY_PATH, FACTS_WANTED, facts.bytes) !== 0) throw kernelError('the folder could not be looked at', lastError());
}

const attribute = cBytes(new Uint8Array(ATTRIBUTE_BYTES_MAX));

/** One attribute of an open descriptor; the number of the error where there is none or it cannot be told. */
export function attributeOf(fd: number, name: string): Uint8Array | number {
  const length = readAttribute(fd, name, attribute.bytes, ATTRIBUTE_BYTES_MAX);
  return length < 0 ? lastError() : attribute.bytes.subarray(0, length);
}
