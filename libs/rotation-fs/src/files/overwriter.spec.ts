import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withHost } from '@mailwarden/inventory-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IntendedMove } from '../journal/packed-moves.js';
import { Overwriter } from './overwriter.js';
import { PrivateFolder } from './private-folder.js';

let root: string;
let own: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-overwriter-'));
  mkdirSync(join(root, 'store'));
  own = join(root, 'store/.mailwarden-order');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** On a disk where it has a meaning. */
const ON_ANY_DISK = (): null => null;

/** Writes over files of a folder of our own, by their slots. */
function writeOver(overwriter: Overwriter, slots: readonly number[], make: (slot: (n: number) => string) => unknown, stopped: () => string | null = () => null): Promise<readonly IntendedMove[]> {
  return withHost(root, { databases: {} }, async (host) => {
    const opened = PrivateFolder.open(host, '/store', 'order');
    if (!opened.ok) throw new Error(opened.error);
    try {
      await make((n) => join(own, String(n)));
      const moves = slots.map((n): IntendedMove => {
        const { dev, ino, size, mtimeMs } = statSync(join(own, String(n)));
        return { n, root: 0, folder: '', name: String(n), dev, ino, size, mtimeMs, bytes: size };
      });
      return await overwriter.over(opened.value, moves, { stopped, leftMs: () => Infinity });
    } finally {
      opened.value.release();
    }
  });
}

it('ends between two files where the order is to end, and tells what it did not come to', async () => {
  const overwriter = new Overwriter(true, ON_ANY_DISK);
  let asked = 0;
  const rest = await writeOver(overwriter, [0, 1, 2], (slot) => [0, 1, 2].forEach((n) => writeFileSync(slot(n), 'secret')), () => ((asked += 1) > 1 ? 'a hold came' : null));
  expect(rest.map(({ n }) => n)).toEqual([1, 2]);
  expect([0, 1, 2].map((n) => readFileSync(join(own, String(n)), 'latin1'))).toEqual(['\0'.repeat(6), 'secret', 'secret']);
});

describe('what cannot be written over', () => {
  it('is no reason to leave an order open: a file that got a second name goes as it is, and it is told', async () => {
    const overwriter = new Overwriter(true, ON_ANY_DISK);
    await writeOver(overwriter, [0, 1], (slot) => {
      writeFileSync(slot(0), 'secret');
      writeFileSync(slot(1), 'secret');
      linkSync(slot(0), join(root, 'second'));
    });
    expect(readFileSync(join(root, 'second'), 'utf8')).toBe('secret');
    expect(readFileSync(join(own, '1'))).toEqual(Buffer.alloc(6));
    expect(overwriter.notes).toEqual([expect.stringMatching(/^1 files were written over once/), expect.stringMatching(/^1 files could not be written over before they were deleted: .*second name/)]);
  });

  it('is a program that runs as well', async () => {
    const overwriter = new Overwriter(true, ON_ANY_DISK);
    const programs: ChildProcess[] = [];
    const over = writeOver(overwriter, [0], (slot) => {
      copyFileSync('/usr/bin/sleep', slot(0));
      const child = spawn(slot(0), ['60']);
      programs.push(child);
      return once(child, 'spawn');
    });
    await over.finally(() => programs.forEach((child) => child.kill('SIGKILL')));
    // Linux 6.11 lets programs that run be written to.
    expect(overwriter.notes).toEqual([expect.stringMatching(/^1 files (?:could not be|were) written over/)]);
  });

  /** As the kernel refuses it, on file systems that are not at hand. */
  const refusing = (code: string): Overwriter => new Overwriter(true, ON_ANY_DISK, () => {
    throw Object.assign(new Error(code), { code });
  });

  it.each(['EPERM', 'ENOKEY', 'EDQUOT', 'EACCES'])('is whatever says something of the file alone, as a seal, a key that is away or a quota (%s)', async (code) => {
    const overwriter = refusing(code);
    await writeOver(overwriter, [0], (slot) => writeFileSync(slot(0), 'secret'));
    expect(overwriter.notes).toEqual([expect.stringMatching(/^1 files could not be written over before they were deleted: /)]);
  });

  it.each(['EIO', 'EROFS', 'ENOSPC', 'ELOOP', 'ENXIO', 'EISDIR'])('is no disk that fails, and nothing that is not the file that was taken in: there it ends (%s)', async (code) => {
    await expect(writeOver(refusing(code), [0], (slot) => writeFileSync(slot(0), 'secret'))).rejects.toThrow('the file system of the store fails');
  });

  it('is a file of another identity: then nobody knows what happened, and nothing goes on', async () => {
    const overwriter = new Overwriter(true, ON_ANY_DISK);
    await writeOver(overwriter, [0], (slot) => writeFileSync(slot(0), 'secret'));
    const swapped = withHost(root, { databases: {} }, async (host) => {
      const opened = PrivateFolder.open(host, '/store', 'order', () => true);
      if (!opened.ok) throw new Error(opened.error);
      const { dev } = statSync(own);
      await overwriter.over(opened.value, [{ n: 0, root: 0, folder: '', name: '0', dev, ino: 1, size: 6, mtimeMs: 0, bytes: 6 }]).finally(() => opened.value.release());
    });
    await expect(swapped).rejects.toThrow('the file system of the store fails');
  });
});
