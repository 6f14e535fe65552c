/** Whom an entry of a list of finer rights is about. Source: acl(5), TAG TYPES. */
export type AclTag = 'owner' | 'user' | 'owning-group' | 'group' | 'mask' | 'other';

export interface AclEntry {
  readonly tag: AclTag;
  /** Number of the named user or group; null where the tag names none. */
  readonly id: number | null;
  /** Read 4, write 2, search or execute 1. */
  readonly bits: number;
}

/** A list of finer rights than a mode has, in the kernel's order. */
export interface Acl {
  readonly entries: readonly AclEntry[];
  /** The same for lists that say the same, so that kinds of rights can be told apart. */
  readonly key: string;
}

/** Names of the attributes that hold the list of an entry, and the list that what is made in a folder begins with. Source: linux/xattr.h. */
export const ACL_ATTRIBUTE = 'system.posix_acl_access';
export const DEFAULT_ACL_ATTRIBUTE = 'system.posix_acl_default';

/** Source: linux/posix_acl_xattr.h and linux/posix_acl.h. Units: bytes. */
const VERSION = 2;
const HEADER_BYTES = 4;
const ENTRY_BYTES = 8;
const TAGS: Readonly<Record<number, AclTag>> = { 0x01: 'owner', 0x02: 'user', 0x04: 'owning-group', 0x08: 'group', 0x10: 'mask', 0x20: 'other' };
const ORDER: readonly AclTag[] = ['owner', 'user', 'owning-group', 'group', 'mask', 'other'];
const ALL_BITS = 7;

const isNamed = (tag: AclTag): boolean => tag === 'user' || tag === 'group';

function entryAt(view: DataView, offset: number): AclEntry | null {
  const tag = TAGS[view.getUint16(offset, true)];
  const bits = view.getUint16(offset + 2, true);
  if (tag === undefined || bits > ALL_BITS) return null;
  return { tag, id: isNamed(tag) ? view.getUint32(offset + 4, true) : null, bits };
}

/** Each tag in its place, those that name nobody once, and a mask where anybody is named: the kernel keeps no other list. Source: posix_acl_valid() in fs/posix_acl.c. */
function isSound(entries: readonly AclEntry[]): boolean {
  const inOrder = entries.every(({ tag }, index) => index === 0 || ORDER.indexOf(tag) - ORDER.indexOf(entries[index - 1]?.tag ?? 'owner') >= (isNamed(tag) ? 0 : 1));
  const has = (tag: AclTag): boolean => entries.some((entry) => entry.tag === tag);
  return inOrder && has('owner') && has('owning-group') && has('other') && (has('mask') || !entries.some(({ tag }) => isNamed(tag)));
}

/** A list from its entries, which are in the kernel's order. */
export const aclOf = (entries: readonly AclEntry[]): Acl => ({ entries, key: entries.map(({ tag, id, bits }) => `${tag}${id === null ? '' : `=${id}`}:${bits}`).join(',') });

/**
 * Reads a list as the kernel hands it out: version 2 of its attribute, little endian.
 * Null for what is none: another version, cut off, or a list that the kernel itself would refuse.
 */
export function parseAcl(bytes: Uint8Array): Acl | null {
  if (bytes.length <= HEADER_BYTES || (bytes.length - HEADER_BYTES) % ENTRY_BYTES !== 0) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== VERSION) return null;
  const entries: AclEntry[] = [];
  for (let offset = HEADER_BYTES; offset < bytes.length; offset += ENTRY_BYTES) {
    const entry = entryAt(view, offset);
    if (entry === null) return null;
    entries.push(entry);
  }
  return isSound(entries) ? aclOf(entries) : null;
}
