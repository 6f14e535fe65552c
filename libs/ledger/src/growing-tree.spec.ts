import type { Sha256 } from '@mailwarden/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrowingTree } from './growing-tree.js';
import { leafHash } from './merkle-hash.js';
import { appendLeaf, EMPTY_TREE, rootHash, subtreeRoot, type TreeState } from './merkle-tree.js';
import { HiddenRun, tilesOf } from './tiles.js';

const leafOf = (index: number): Sha256 => leafHash(Buffer.from(`entry ${index}`));
const treeOf = (size: number): TreeState => Array.from({ length: size }, (_, index) => leafOf(index)).reduce(appendLeaf, EMPTY_TREE);
const peaksOf = (size: number): Sha256[] => tilesOf(0, size).map(({ level, index }) => subtreeRoot(leafOf, index * 2 ** level, (index + 1) * 2 ** level));
const grown = (from: number, to: number): GrowingTree => {
  const tree = GrowingTree.from(from, peaksOf(from)) as GrowingTree;
  for (let index = from; index < to; index += 1) tree.append(leafOf(index));
  return tree;
};
const sizes = fc.tuple(fc.nat(70), fc.nat(70), fc.nat(70)).map(([a, b, c]) => [a, a + b, a + b + c] as const);

describe('a log that is read from some place on', () => {
  it('has the root of the whole log at every size', () => {
    fc.assert(
      fc.property(sizes, ([from, middle, to]) => {
        expect(grown(from, middle).root()).toBe(rootHash(treeOf(middle)));
        expect(grown(from, to).root()).toBe(rootHash(treeOf(to)));
        expect(grown(from, to).size).toBe(to);
      }),
    );
  });

  it('has the same root where entries in the middle are told by subtrees alone, and never takes more hashes than the bound', () => {
    fc.assert(
      fc.property(sizes, ([from, middle, to]) => {
        const run = new HiddenRun(from);
        for (let index = from; index < middle; index += 1) run.add(leafOf(index));
        const tree = grown(from, from);
        expect(tree.appendTiles(run.to, run.hashes)).toBe(true);
        for (let index = middle; index < to; index += 1) tree.append(leafOf(index));
        expect(tree.root()).toBe(rootHash(treeOf(to)));
        expect(run.hashes.length).toBeLessThanOrEqual(Math.max(1, 2 * Math.ceil(Math.log2(middle - from + 1))));
      }),
    );
  });

  it('is none by another number of subtrees', () => {
    expect(GrowingTree.from(3, peaksOf(4))).toBeNull();
    const tree = grown(3, 3);
    expect(tree.appendTiles(8, peaksOf(4))).toBe(false);
    expect(tree.size).toBe(3);
  });

  it('has another root when one entry is dropped, doubled or in another place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(), fc.constantFrom('drop', 'double', 'swap'), (size, seed, what) => {
        const leaves = Array.from({ length: size }, (_, index) => leafOf(index));
        const at = seed % (size - 1);
        if (what === 'drop') leaves.splice(at, 1);
        else if (what === 'double') leaves.splice(at, 0, leafOf(at));
        else leaves.splice(at, 2, leafOf(at + 1), leafOf(at));
        const tree = GrowingTree.empty();
        for (const leaf of leaves) tree.append(leaf);
        expect(tree.root()).not.toBe(rootHash(treeOf(size)));
      }),
    );
  });
});
