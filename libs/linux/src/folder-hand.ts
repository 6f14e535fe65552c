import { C_LIBRARY, errorNumber, lastError } from './c-library.js';
import { cBytes, type CBytes } from './c-bytes.js';
import { EntryFacts, FACTS_WANTED } from './entry-facts.js';

const readFacts = C_LIBRARY.func('int statx(int fd, uintptr_t name, int flags, unsigned int mask, uintptr_t facts)') as (fd: number, name: number, flags: number, mask: number, facts: number) => number;
const rename2 = C_LIBRARY.func('int renameat2(int fromFd, uintptr_t from, int toFd, uintptr_t to, unsigned int flags)') as (fromFd: number, from: number, toFd: number, to: number, flags: number) => number;
const rename = C_LIBRARY.func('int renameat(int fromFd, uintptr_t from, int toFd, uintptr_t to)') as (fromFd: number, from: number, toFd: number, to: number) => number;
const unlink = C_LIBRARY.func('int unlinkat(int fd, uintptr_t name, int flags)') as (fd: number, name: number, flags: number) => number;
const link = C_LIBRARY.func('int linkat(int fromFd, uintptr_t from, int toFd, uintptr_t to, int flags)') as (fromFd: number, from: number, toFd: number, to: number, flags: number) => number;
const makeFolder = C_LIBRARY.func('int mkdirat(int fd, uintptr_t name, uint32_t mode)') as (fd: number, name: number, mode: number) => number;

/** Source: stat(2), statx(2). */
const STAT_NO_FOLLOW = 0x100;
const STAT_NO_AUTOMOUNT = 0x800;
/** Source: rename(2). */
const NO_REPLACE = 1;
/** Source: unlink(2), AT_REMOVEDIR. */
const REMOVE_FOLDER = 0x200;
/** No name on Linux is longer than 255 bytes; what is longer is told as the kernel would tell it. Units: bytes. */
const NAME_BYTES_MAX = 1_024;
/** File systems and kernels that know no move without replacing say one of these. Source: rename(2). */
const NOT_KNOWN: ReadonlySet<number> = new Set([errorNumber('EINVAL'), errorNumber('ENOSYS')]);
const [TOO_LONG, INVALID] = [errorNumber('ENAMETOOLONG'), errorNumber('EINVAL')];

/** One name for the kernel, at a place that is looked up once. */
class NameForKernel {
  readonly #c: CBytes = cBytes(new Uint8Array(NAME_BYTES_MAX + 1));
  readonly #bytes = Buffer.from(this.#c.bytes.buffer);
  readonly address = this.#c.address;

  /** Returns 0, or the number of the error: a name is one component, never a way. */
  write(name: string): number {
    if (name.length > NAME_BYTES_MAX) return TOO_LONG;
    if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) return INVALID;
    this.#bytes[this.#bytes.write(name, 0, 'latin1')] = 0;
    return 0;
  }
}

/**
 * Looks at, moves and removes entries of open folders by their bare names, which are bytes (Latin-1). One object serves one thread, one call after the other.
 * Each call returns 0, or the number of the error as in errno(3); `errorName` names it. Links are never followed.
 * Safety: what a path leads to meanwhile plays no part; a name that is more than one component is refused; the kernel reads from and writes into buffers of this object alone.
 */
export class FolderHand {
  /** What `look` saw last. */
  readonly facts = new EntryFacts();
  readonly #facts = cBytes(this.facts.bytes);
  readonly #name = new NameForKernel();
  readonly #other = new NameForKernel();

  /** Looks at an entry; the answer is in `facts`. Source: statx(2). */
  look(fd: number, name: string): number {
    return this.#name.write(name) || told(readFacts(fd, this.#name.address, STAT_NO_FOLLOW | STAT_NO_AUTOMOUNT, FACTS_WANTED, this.#facts.address));
  }

  /** Moves an entry to a name that must be free, in one step. `EINVAL` where the file system knows no such move. Source: rename(2), RENAME_NOREPLACE. */
  moveToFree(fromFd: number, from: string, toFd: number, to: string): number {
    return this.#both(from, to) || told(rename2(fromFd, this.#name.address, toFd, this.#other.address, NO_REPLACE));
  }

  /** Moves an entry, over what has the name. Safety: only to a name that nobody else can have taken. Source: rename(2). */
  move(fromFd: number, from: string, toFd: number, to: string): number {
    return this.#both(from, to) || told(rename(fromFd, this.#name.address, toFd, this.#other.address));
  }

  /** Gives a file a second name. Source: link(2). */
  link(fromFd: number, from: string, toFd: number, to: string): number {
    return this.#both(from, to) || told(link(fromFd, this.#name.address, toFd, this.#other.address, 0));
  }

  /** Removes the name of what is no folder. Source: unlink(2). */
  unlink(fd: number, name: string): number {
    return this.#name.write(name) || told(unlink(fd, this.#name.address, 0));
  }

  /** Removes a folder that is empty. Source: unlink(2), AT_REMOVEDIR. */
  removeFolder(fd: number, name: string): number {
    return this.#name.write(name) || told(unlink(fd, this.#name.address, REMOVE_FOLDER));
  }

  /** Source: mkdir(2). */
  makeFolder(fd: number, name: string, mode: number): number {
    return this.#name.write(name) || told(makeFolder(fd, this.#name.address, mode));
  }

  #both(from: string, to: string): number {
    return this.#name.write(from) || this.#other.write(to);
  }
}

const told = (result: number): number => (result === 0 ? 0 : lastError());

/** True for what `moveToFree` says where a file system or kernel knows no such move. */
export const isUnknownMove = (error: number): boolean => NOT_KNOWN.has(error);
