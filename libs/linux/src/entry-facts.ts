/** What statx(2) is asked for: the basic facts, the moment of birth, and the mount where the kernel tells it. Source: linux/stat.h. */
export const FACTS_WANTED = 0x7ff | 0x800 | 0x1000;
const HAS_BIRTH = 0x800;
const HAS_MOUNT = 0x1000;
/** Units: bytes. */
export const FACTS_BYTES = 256;

/** Offsets in the kernel's answer, which is the same on every architecture. Source: struct statx in linux/stat.h. */
const AT = { mask: 0x00, links: 0x10, uid: 0x14, gid: 0x18, mode: 0x1c, inode: 0x20, size: 0x28, blocks: 0x30, birth: 0x50, changed: 0x60, modified: 0x70, deviceMajor: 0x88, deviceMinor: 0x8c, mount: 0x90 } as const;

/** Type of an entry within its mode. Source: inode(7). */
export const TYPE_MASK = 0o170000;
export const REGULAR_FILE = 0o100000;
export const FOLDER = 0o040000;
/** The kernel counts in these, whatever the blocks of the file system are. Units: bytes. */
export const BLOCK_BYTES = 512;

const LOW = 2 ** 32;
const MS_PER_SECOND = 1_000;
const NS_PER_MS = 1_000_000;

/**
 * Facts of one entry as the kernel gave them. One object serves for one entry after the other: what is to be kept must be taken out of it.
 * Units: bytes; milliseconds since 1970, with fractions.
 */
export class EntryFacts {
  readonly bytes = new Uint8Array(FACTS_BYTES);
  readonly #view = new DataView(this.bytes.buffer);

  get uid(): number {
    return this.#view.getUint32(AT.uid, true);
  }
  get gid(): number {
    return this.#view.getUint32(AT.gid, true);
  }
  /** Type and mode bits. */
  get mode(): number {
    return this.#view.getUint16(AT.mode, true);
  }
  get nlink(): number {
    return this.#view.getUint32(AT.links, true);
  }
  get size(): number {
    return this.#wide(AT.size);
  }
  get allocated(): number {
    return this.#wide(AT.blocks) * BLOCK_BYTES;
  }
  /** Number of the inode; not exact above `Number.MAX_SAFE_INTEGER`. */
  get ino(): number {
    return this.#wide(AT.inode);
  }
  /** Number of the device, as Node and the C library write it. Source: makedev(3). */
  get dev(): number {
    const major = this.#view.getUint32(AT.deviceMajor, true);
    const minor = this.#view.getUint32(AT.deviceMinor, true);
    return (minor & 0xff) + (major & 0xfff) * 2 ** 8 + Math.floor(minor / 2 ** 8) * 2 ** 20 + Math.floor(major / 2 ** 12) * LOW;
  }
  /** The lower half of the inode's number. */
  get inoLow(): number {
    return this.#view.getUint32(AT.inode, true);
  }
  get mtimeMs(): number {
    return this.#moment(AT.modified);
  }
  get ctimeMs(): number {
    return this.#moment(AT.changed);
  }
  /** 0 where the file system keeps none. */
  get birthtimeMs(): number {
    return (this.#view.getUint32(AT.mask, true) & HAS_BIRTH) === 0 ? 0 : this.#moment(AT.birth);
  }
  /** The mount that the entry was reached in; null where the kernel does not say (before Linux 5.8). */
  get mountId(): number | null {
    return (this.#view.getUint32(AT.mask, true) & HAS_MOUNT) === 0 ? null : this.#wide(AT.mount);
  }
  get isFile(): boolean {
    return (this.mode & TYPE_MASK) === REGULAR_FILE;
  }
  get isFolder(): boolean {
    return (this.mode & TYPE_MASK) === FOLDER;
  }
  /** When the entry was last written and last changed, to the nanosecond: no two changes look alike. */
  get stamps(): string {
    return `${this.#stamp(AT.modified)} ${this.#stamp(AT.changed)}`;
  }

  #stamp(offset: number): string {
    return `${this.#view.getBigInt64(offset, true)}.${this.#view.getUint32(offset + 8, true)}`;
  }

  #wide(offset: number): number {
    return this.#view.getUint32(offset, true) + this.#view.getUint32(offset + 4, true) * LOW;
  }

  #moment(offset: number): number {
    return (this.#view.getUint32(offset, true) + this.#view.getInt32(offset + 4, true) * LOW) * MS_PER_SECOND + this.#view.getUint32(offset + 8, true) / NS_PER_MS;
  }
}
