import { closeSync, openSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { mountIdOf } from './directory-descriptor.js';
import { fileSystemOf, typeOfMount } from './file-system.js';

it('tells the room of a file system as an ordinary account has it', async () => {
  const fd = openSync(tmpdir(), 'r');
  try {
    const told = await fileSystemOf({ fd, mountId: mountIdOf(fd) });
    const { blocks, bsize } = statfsSync(tmpdir());
    expect(told).toMatchObject({ known: true, value: { totalBytes: blocks * bsize, type: expect.stringMatching(/^[a-z0-9.]+$/) } });
    expect(told.known && told.value.freeBytes).toBeLessThanOrEqual(blocks * bsize);
  } finally {
    closeSync(fd);
  }
});

it('finds the kind of a mount whatever fields stand before it', () => {
  const lines = '21 1 8:1 / / rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw\n22 21 0:5 / /tmp rw - tmpfs tmpfs rw\n';
  expect([21, 22, 2, 1].map((id) => typeOfMount(lines, id))).toEqual(['ext4', 'tmpfs', null, null]);
});

it('says why where nothing is told', async () => {
  expect(await fileSystemOf({ fd: 999_999, mountId: 1 })).toMatchObject({ known: false, reason: expect.stringContaining('ENOENT') });
});
