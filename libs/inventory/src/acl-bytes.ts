import type { Acl, AclTag } from './acl.js';

/** Source: linux/posix_acl_xattr.h and linux/posix_acl.h. Units: bytes. */
const VERSION = 2;
const HEADER_BYTES = 4;
const ENTRY_BYTES = 8;
const NO_ID = 0xffff_ffff;
const TAGS: Readonly<Record<AclTag, number>> = { owner: 0x01, user: 0x02, 'owning-group': 0x04, group: 0x08, mask: 0x10, other: 0x20 };

/** Writes a list as the kernel takes it; `parseAcl` reads it back. */
export function aclBytes({ entries }: Acl): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + entries.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, VERSION, true);
  entries.forEach(({ tag, id, bits }, index) => {
    const offset = HEADER_BYTES + index * ENTRY_BYTES;
    view.setUint16(offset, TAGS[tag], true);
    view.setUint16(offset + 2, bits, true);
    view.setUint32(offset + 4, id ?? NO_ID, true);
  });
  return bytes;
}
