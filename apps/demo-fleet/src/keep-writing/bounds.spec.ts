import { describe, expect, it } from 'vitest';
import type { ListedFile } from '../tree/server-tree.js';
import { BoundedFolder } from './bounded-folder.js';
import { Due } from './stream.js';

const BLOCK = 4_096;
const files = (count: number): ListedFile[] => Array.from({ length: count }, (_, place) => ({ path: Buffer.from(String(place)), allocatedBytes: BLOCK, atMs: place }));

describe('a bounded folder', () => {
  it('gives up its oldest files once it passes its ceiling, down to a tenth below it', () => {
    let now = files(10);
    const folder = new BoundedFolder(10 * BLOCK, () => now);
    expect(folder.surplus()).toEqual([]);
    now = files(12);
    folder.grewBy(1);
    folder.grewBy(1);
    expect(folder.surplus().map(({ path }) => path.toString())).toEqual(['0', '1', '2']);
  });

  it('looks anew before anything goes: a rotation may have made room', () => {
    let now = files(10);
    const folder = new BoundedFolder(10 * BLOCK, () => now);
    now = files(3);
    folder.grewBy(1);
    expect(folder.surplus()).toEqual([]);
  });
});

describe('what is due of a stream', () => {
  it('comes at its rate, however the turns fall', () => {
    const due = new Due(90);
    expect(Array.from({ length: 240 }, () => due.after(250)).reduce((sum, count) => sum + count, 0)).toBe(90);
  });

  it('does not make up for a long pause', () => {
    expect(new Due(600).after(3_600_000)).toBe(20);
  });
});
