import { describe, expect, it } from 'vitest';
import { parseAcl } from './acl.js';

const NOBODY = 0xffff_ffff;
const OWNER = [0x01, 6, NOBODY] as const;
const GROUP = [0x04, 4, NOBODY] as const;
const MASK = [0x10, 6, NOBODY] as const;
const OTHER = [0x20, 0, NOBODY] as const;
const user = (id: number, bits = 6) => [0x02, bits, id] as const;

function attribute(entries: readonly (readonly [number, number, number])[], version = 2): Uint8Array {
  const bytes = Buffer.alloc(4 + 8 * entries.length);
  bytes.writeUInt32LE(version, 0);
  entries.forEach(([tag, bits, id], index) => {
    bytes.writeUInt16LE(tag, 4 + 8 * index);
    bytes.writeUInt16LE(bits, 6 + 8 * index);
    bytes.writeUInt32LE(id, 8 + 8 * index);
  });
  return bytes;
}

describe('a list of finer rights', () => {
  it('is read as the kernel writes it', () => {
    // After setfacl -m u:1001:rw,g:50:r on a file of mode 0640, as getfattr -e hex shows it.
    const written = Buffer.from('0200000001000600ffffffff02000600e903000004000400ffffffff080004003200000010000600ffffffff20000000ffffffff', 'hex');
    expect(parseAcl(written)?.entries).toEqual([
      { tag: 'owner', id: null, bits: 6 },
      { tag: 'user', id: 1001, bits: 6 },
      { tag: 'owning-group', id: null, bits: 4 },
      { tag: 'group', id: 50, bits: 4 },
      { tag: 'mask', id: null, bits: 6 },
      { tag: 'other', id: null, bits: 0 },
    ]);
  });

  it('is told from others by its key', () => {
    const key = (id: number) => parseAcl(attribute([OWNER, user(id), GROUP, MASK, OTHER]))?.key;
    expect(key(1)).toBe(key(1));
    expect(key(1)).not.toBe(key(2));
    expect(key(4_294_967_294)).toContain('user=4294967294');
  });

  it('may name nobody, as the default list of a folder does', () => {
    expect(parseAcl(attribute([OWNER, GROUP, OTHER]))?.entries).toHaveLength(3);
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['a head alone', attribute([])],
    ['another version', attribute([OWNER, GROUP, OTHER], 1)],
    ['a piece of an entry', attribute([OWNER, GROUP, OTHER]).subarray(0, 27)],
    ['an unknown tag', attribute([OWNER, GROUP, [0x40, 4, 1], OTHER])],
    ['more than three bits', attribute([OWNER, GROUP, [0x20, 8, NOBODY]])],
    ['entries out of order', attribute([OWNER, GROUP, user(1), MASK, OTHER])],
    ['two owners', attribute([OWNER, OWNER, GROUP, OTHER])],
    ['no owner', attribute([GROUP, OTHER])],
    ['no owning group', attribute([OWNER, OTHER])],
    ['nobody else', attribute([OWNER, GROUP])],
    ['a named account without a mask', attribute([OWNER, user(1), GROUP, OTHER])],
  ])('is none: %s', (_what, bytes) => {
    expect(parseAcl(bytes)).toBeNull();
  });

  it('is read from the middle of a larger buffer', () => {
    const bytes = attribute([OWNER, user(7), GROUP, MASK, OTHER]);
    expect(parseAcl(Buffer.concat([Buffer.from([9, 9, 9]), bytes]).subarray(3))?.entries[1]).toEqual({ tag: 'user', id: 7, bits: 6 });
  });
});
