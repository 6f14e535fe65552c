import { closeSync, existsSync, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeDirectory, openDirectoryBeneath } from '@mailwarden/inventory-fs';
import { changeAttribute, heldAttribute } from '@mailwarden/linux';
import { afterEach, expect, it } from 'vitest';
import { makeLike } from './like-file.js';

const SHARED_MEMORY = '/dev/shm';
const ACCESS_LIST = 'system.posix_acl_access';
/** Owner, one named user, group, mask and others, with the rights of each. Source: linux/posix_acl_xattr.h. */
const ENTRIES = [[1, 7, 0xffff_ffff], [2, 7, 60_001], [4, 7, 0xffff_ffff], [0x10, 7, 0xffff_ffff], [0x20, 0, 0xffff_ffff]] as const;
function accessList(): Buffer {
  const bytes = Buffer.alloc(4 + ENTRIES.length * 8);
  bytes.writeUInt32LE(2, 0);
  for (const [index, [tag, rights, id]] of ENTRIES.entries()) {
    bytes.writeUInt16LE(tag, 4 + index * 8);
    bytes.writeUInt16LE(rights, 6 + index * 8);
    bytes.writeUInt32LE(id, 8 + index * 8);
  }
  return bytes;
}

let folder: string;
afterEach(() => rmSync(folder, { recursive: true }));

it('gives a new file no access list of its folder that the other one does not have', () => {
  folder = mkdtempSync(join(existsSync(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir(), 'mailwarden-like-'));
  writeFileSync(join(folder, 'old'), '', { mode: 0o640 });
  const opened = openDirectoryBeneath({ fd: openSync('/', 'r') } as never, folder);
  if (!opened.ok) throw new Error(opened.error);
  const { directory } = opened.value;
  changeAttribute(directory.fd, 'system.posix_acl_default', accessList());
  const old = openSync(join(folder, 'old'), 'r');
  const made = makeLike(old, directory, 'new') ?? -1;
  expect(heldAttribute(made, ACCESS_LIST)).toBeNull();
  expect(fstatSync(made).mode & 0o777).toBe(0o640);
  for (const fd of [old, made]) closeSync(fd);
  closeDirectory(directory);
});
