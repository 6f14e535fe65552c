import { ACL_ATTRIBUTE, DEFAULT_ACL_ATTRIBUTE, parseAcl, type Acl } from '@mailwarden/inventory';
import { attributeOf, cText, NOT_SUPPORTED, readExtendedAttribute, standIn, type FolderReader } from '@mailwarden/linux';
import { entryPath } from '../directory-descriptor.js';

/** Lists told apart at one time; whoever may set lists at will could otherwise fill the memory. */
const KNOWN_MAX = 20_000;
const NUL = Buffer.of(0);
const ACCESS = cText(ACL_ATTRIBUTE);

/** Reads lists of finer rights. Lists that are the same are one object. */
export class AclReader {
  readonly #known = new Map<string, Acl | null>();
  /** Devices whose file system has no such lists: asking there for each file is in vain. */
  readonly #without = new Set<number>();
  #standsIn = -1;

  /** A thread that has a working folder of its own asks by bare names, which costs the kernel a third. */
  constructor(
    private readonly isWanted: boolean,
    private readonly mayStand: boolean,
  ) {}

  /** A folder whose descriptor is closed is nothing to stand in: its number will mean another one. */
  leave(fd: number): void {
    if (this.#standsIn === fd) this.#standsIn = -1;
  }

  /** The list of the entry that the reader is at. What cannot be told counts as none: the mode then speaks alone. */
  ofEntry(reader: FolderReader, fd: number, dev: number): Acl | null {
    if (!this.isWanted || this.#without.has(dev)) return null;
    const found = this.mayStand ? this.#byBareName(reader, fd) : byPath(fd, reader.name);
    return this.#listFrom(found, dev);
  }

  /** The lists of an open folder: its own, and the one that what is made in it begins with. */
  ofFolder(fd: number, dev: number): { readonly acl: Acl | null; readonly defaultAcl: Acl | null } {
    if (!this.isWanted || this.#without.has(dev)) return { acl: null, defaultAcl: null };
    const acl = this.#listFrom(attributeOf(fd, ACL_ATTRIBUTE), dev);
    return { acl, defaultAcl: this.#listFrom(attributeOf(fd, DEFAULT_ACL_ATTRIBUTE), dev) };
  }

  #byBareName(reader: FolderReader, fd: number): Uint8Array | number {
    if (this.#standsIn !== fd) {
      standIn(fd);
      this.#standsIn = fd;
    }
    return reader.attribute(ACCESS.address);
  }

  #listFrom(found: Uint8Array | number, dev: number): Acl | null {
    if (typeof found === 'number') {
      if (found === NOT_SUPPORTED) this.#without.add(dev);
      return null;
    }
    const key = Buffer.from(found.buffer, found.byteOffset, found.byteLength).toString('latin1');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const acl = parseAcl(found);
    if (this.#known.size < KNOWN_MAX) this.#known.set(key, acl);
    return acl;
  }
}

function byPath(fd: number, name: string): Uint8Array | number {
  try {
    return readExtendedAttribute(Buffer.concat([entryPath({ fd }, name), NUL]), ACL_ATTRIBUTE) ?? -1;
  } catch {
    return -1;
  }
}
