import { known, unknown } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { formerPath, pathBelow } from './deleted-file.js';
import { swapAreas, swapState } from './swap-areas.js';

const HEAD = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';

describe('swap', () => {
  it('is listed as the kernel writes it', () => {
    expect(swapAreas(HEAD)).toEqual([]);
    expect(swapAreas(`${HEAD}/dev/dm-1                               partition\t1048572\t0\t-2\n/var/swap\\040file\\134x file\t\t10\t0\t-3\n`)).toEqual([
      { path: '/dev/dm-1', isFile: false },
      { path: '/var/swap file\\x', isFile: true },
    ]);
  });

  it('is as bad as its worst place, and never better than what is not known', () => {
    const untold = unknown('no device');
    const state = (...rests: Parameters<typeof swapState>[0]) => { const all = swapState(rests, '/proc/swaps'); return all.known ? all.value : all.reason; };
    expect([state(), state(known('memory')), state(known('memory'), known('encrypted')), state(known('encrypted'), known('plain'))]).toEqual(['none', 'none', 'encrypted', 'present']);
    expect([state(known('encrypted'), untold), state(untold, known('plain'))]).toEqual(['no device', 'present']);
  });
});

describe('a file that is gone by name', () => {
  it.each([
    ['/var/a (deleted)', '/var/a'],
    ['/var/a (deleted) (deleted)', '/var/a (deleted)'],
    ['/var/a', null],
    ['pipe:[1] (deleted)', null],
    ['/ (deleted)', '/'],
  ])('%s was %s', (link, path) => {
    expect(formerPath(link)).toBe(path);
  });
  it.each([
    ['/', '/var/a', '/var/a'],
    ['/srv/root', '/srv/root/var/a', '/var/a'],
    ['/srv/root/', '/srv/root/var/a', '/var/a'],
    ['/srv/root', '/srv/root', '/'],
    ['/srv/root', '/srv/rootless/a', null],
  ])('below %s, %s is %s', (root, path, below) => {
    expect(pathBelow(root, path)).toBe(below);
  });
});
