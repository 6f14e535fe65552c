import { chmodSync, chownSync, closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { ACL_ATTRIBUTE, aclBytes, DEFAULT_ACL_ATTRIBUTE, parseAcl, type Acl, type BytePath } from '@mailwarden/inventory';
import { closeDirectory, entryPath, mountIdOf, openChildDirectory, openDirectoryBeneath, type Directory, type Host } from '@mailwarden/inventory-fs';
import { changeAttribute, heldAttribute } from '@mailwarden/linux';

/** Opens an entry as a mere place: nothing is read, no device is woken, and what the descriptor holds cannot be swapped. Source: open(2), O_PATH; Node has no name for it. */
const O_PATH = 0o10_000_000;
const PLACE = O_PATH | constants.O_NOFOLLOW;
const MODE_BITS = 0o7777;

/** What a repair changes, and how it was. Lists as the kernel hands them out, in base64; null where there is none. */
export interface HeldRights {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly acl: string | null;
  readonly defaultAcl: string | null;
}

const encoded = (acl: Acl | null): string | null => (acl === null ? null : Buffer.from(aclBytes(acl)).toString('base64'));
export const heldRights = ({ uid, gid, mode, acl, defaultAcl }: { uid: number; gid: number; mode: number; acl: Acl | null; defaultAcl: Acl | null }): HeldRights => ({ uid, gid, mode: mode & MODE_BITS, acl: encoded(acl), defaultAcl: encoded(defaultAcl) });

const CLASS_SHIFTS = { owner: 6, mask: 3, other: 0 } as const;
const CLASS_BITS = 7;

/** A list as the kernel leaves it when the mode alone was changed: what stands for the three classes follows the mode. Source: acl(5), "Correspondence between ACL entries and file permission bits". */
export function listWithMode(list: string | null, mode: number): string | null {
  const acl = list === null ? null : parseAcl(Buffer.from(list, 'base64'));
  if (acl === null) return list;
  const entries = acl.entries.map((entry) => (entry.tag === 'owner' || entry.tag === 'mask' || entry.tag === 'other' ? { ...entry, bits: (mode >> CLASS_SHIFTS[entry.tag]) & CLASS_BITS } : entry));
  return encoded({ ...acl, entries });
}

/** One entry of a store, held by its descriptor. */
export class HeldEntry {
  private constructor(
    private readonly fd: number,
    readonly stat: Stats,
  ) {}

  /** Null where there is no such entry any more, or it is another one by its inode or its birth, a link, or in another mount. Safety: each folder on the way is opened through the one before it. */
  static open(host: Host, at: { readonly root: BytePath; readonly path: BytePath; readonly ino: number; readonly bornMs: number }): HeldEntry | null {
    const beneath = openDirectoryBeneath(host.root, at.root);
    if (!beneath.ok) return null;
    let folder: Directory = beneath.value.directory;
    try {
      const parts = at.path.split('/').filter((part) => part !== '');
      const name = parts.pop() ?? '.';
      for (const part of parts) {
        const child = openChildDirectory(folder, part);
        if (!child.ok) return null;
        closeDirectory(folder);
        folder = child.value;
      }
      return HeldEntry.#held(folder, name, at);
    } finally {
      closeDirectory(folder);
    }
  }

  static #held(folder: Directory, name: BytePath, { ino, bornMs }: { readonly ino: number; readonly bornMs: number }): HeldEntry | null {
    let fd: number;
    try {
      fd = openSync(entryPath(folder, name), PLACE);
    } catch {
      return null;
    }
    const stat = fstatSync(fd);
    const isIt = stat.ino === ino && stat.birthtimeMs === bornMs && mountIdOf(fd) === folder.mountId && (stat.isDirectory() || (stat.isFile() && stat.nlink === 1));
    if (isIt) return new HeldEntry(fd, stat);
    closeSync(fd);
    return null;
  }

  get rights(): HeldRights {
    const { uid, gid, mode } = fstatSync(this.fd);
    return { uid, gid, mode: mode & MODE_BITS, acl: this.#list(ACL_ATTRIBUTE), defaultAcl: this.stat.isDirectory() ? this.#list(DEFAULT_ACL_ATTRIBUTE) : null };
  }

  /** Owner first, since the kernel takes set-user-id away with it; the list after the mode, since it is the finer word. `between` is called before each step but the first. Errors: throws what the kernel says. */
  change(now: HeldRights, wanted: HeldRights, between: () => void): void {
    if (now.uid !== wanted.uid || now.gid !== wanted.gid) chownSync(this.#place, wanted.uid, wanted.gid);
    between();
    if ((fstatSync(this.fd).mode & MODE_BITS) !== wanted.mode) chmodSync(this.#place, wanted.mode);
    between();
    if (this.#list(ACL_ATTRIBUTE) !== wanted.acl) changeAttribute(this.fd, ACL_ATTRIBUTE, bytesOf(wanted.acl));
    if (now.defaultAcl !== wanted.defaultAcl) changeAttribute(this.fd, DEFAULT_ACL_ATTRIBUTE, bytesOf(wanted.defaultAcl));
  }

  close(): void {
    closeSync(this.fd);
  }

  get #place(): string {
    return `/proc/self/fd/${this.fd}`;
  }

  #list(name: string): string | null {
    const bytes = heldAttribute(this.fd, name);
    return bytes === null || parseAcl(bytes) === null ? null : bytes.toString('base64');
  }
}

const bytesOf = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text, 'base64'));
