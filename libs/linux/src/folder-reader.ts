import { C_LIBRARY, errorName, lastError } from './c-library.js';
import { cBytes } from './c-bytes.js';
import { EntryFacts, FACTS_WANTED } from './entry-facts.js';

const readEntries = C_LIBRARY.func('long getdents64(int fd, uintptr_t entries, size_t size)') as (fd: number, entries: number, size: number) => number;
const readFacts = C_LIBRARY.func('int statx(int fd, uintptr_t name, int flags, unsigned int mask, uintptr_t facts)') as (fd: number, name: number, flags: number, mask: number, facts: number) => number;
const readList = C_LIBRARY.func('long lgetxattr(uintptr_t path, uintptr_t attribute, uintptr_t value, size_t size)') as (path: number, attribute: number, value: number, size: number) => number;

/** One call fetches this much. Units: bytes; a thousand names or so. */
const ENTRIES_BYTES = 65_536;
/** Offsets within an entry. Source: struct linux_dirent64, getdents(2). */
const AT = { inode: 0, length: 16, type: 18, name: 19 } as const;
const LOW = 2 ** 32;
/** Source: fcntl(2) and stat(2). */
const NO_FOLLOW = 0x100;
const NO_AUTOMOUNT = 0x800;

/** Type of an entry as its folder says it. Source: dirent.h. */
export const ENTRY_TYPES = { unknown: 0, folder: 4, file: 8 } as const;

/** Largest list of finer rights that is taken. Units: bytes. */
const ATTRIBUTE_BYTES_MAX = 65_536;
/** Room that is offered first, for some thirty entries of a list: the kernel clears as much memory as it is offered before it looks. Units: bytes. */
const ATTRIBUTE_BYTES_FIRST = 256;
/** Source: errno(3). */
const TOO_SMALL = 34;
const DOT = 0x2e;

/**
 * Reads an open folder, one entry after the other, and looks at each by its bare name through the folder's descriptor: what a path leads to meanwhile plays no part.
 * It holds one buffer, so one folder is read at a time. Names are bytes; a link is looked at itself.
 * Safety: the kernel writes into buffers of this object, with their lengths; a name lies within what the kernel wrote last, and ends with a NUL byte.
 */
export class FolderReader {
  readonly facts = new EntryFacts();
  readonly #buffer = cBytes(new Uint8Array(ENTRIES_BYTES));
  readonly #view = new DataView(this.#buffer.bytes.buffer);
  readonly #text = Buffer.from(this.#buffer.bytes.buffer);
  readonly #facts = cBytes(this.facts.bytes);
  readonly #attribute = cBytes(new Uint8Array(ATTRIBUTE_BYTES_MAX));
  #fd = -1;
  #end = 0;
  #at = 0;
  #next = 0;

  /** Begins with a folder whose descriptor was opened for reading and stands at its beginning. */
  begin(fd: number): void {
    this.#fd = fd;
    this.#end = this.#next = 0;
  }

  /** Fetches more entries. Returns how many bytes of them came, 0 at the end. Errors: throws with the kernel's name of the error as `code`. */
  fetch(): number {
    const bytes = readEntries(this.#fd, this.#buffer.address, ENTRIES_BYTES);
    if (bytes < 0) throw kernelError('the folder could not be read', lastError());
    this.#end = bytes;
    this.#next = 0;
    return bytes;
  }

  /** Goes to the next of the fetched entries; false after the last. The folder itself and the one above it are none. */
  next(): boolean {
    do {
      if (this.#next >= this.#end) return false;
      this.#at = this.#next;
      this.#next += this.#view.getUint16(this.#at + AT.length, true);
    } while (this.#isDots());
    return true;
  }

  /** One of `ENTRY_TYPES`, or another number for what is neither. */
  get type(): number {
    return this.#view.getUint8(this.#at + AT.type);
  }

  /** Number of the entry's inode as its folder has it; not exact above `Number.MAX_SAFE_INTEGER`. */
  get ino(): number {
    return this.#view.getUint32(this.#at + AT.inode, true) + this.#view.getUint32(this.#at + AT.inode + 4, true) * LOW;
  }

  get name(): string {
    const start = this.#at + AT.name;
    return this.#text.toString('latin1', start, this.#text.indexOf(0, start));
  }

  /** Looks at the entry itself; the answer is in `facts`. Returns 0, or the number of the error. */
  look(): number {
    return readFacts(this.#fd, this.#buffer.address + this.#at + AT.name, NO_FOLLOW | NO_AUTOMOUNT, FACTS_WANTED, this.#facts.address) === 0 ? 0 : lastError();
  }

  /**
   * One attribute of the entry, for a thread that stands in the folder. Null where it has none.
   * Returns the number of the error where it cannot be told; the bytes are those of the reader, and change with the next call.
   */
  attribute(nameAddress: number): Uint8Array | number {
    const found = this.#attributeOf(nameAddress, ATTRIBUTE_BYTES_FIRST);
    return found === TOO_SMALL ? this.#attributeOf(nameAddress, ATTRIBUTE_BYTES_MAX) : found;
  }

  #attributeOf(nameAddress: number, room: number): Uint8Array | number {
    const length = readList(this.#buffer.address + this.#at + AT.name, nameAddress, this.#attribute.address, room);
    return length < 0 ? lastError() : this.#attribute.bytes.subarray(0, length);
  }

  #isDots(): boolean {
    const { bytes } = this.#buffer;
    const start = this.#at + AT.name;
    return bytes[start] === DOT && (bytes[start + 1] === 0 || (bytes[start + 1] === DOT && bytes[start + 2] === 0));
  }
}

/** An error of the kernel, with its name as `code`. */
export const kernelError = (what: string, number: number): Error => Object.assign(new Error(`${what} (${errorName(number)})`), { code: errorName(number) });
