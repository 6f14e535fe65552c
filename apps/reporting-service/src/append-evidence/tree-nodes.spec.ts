import type { Sha256 } from '@mailwarden/kernel';
import { appendLeaf, consistencyProof, EMPTY_TREE, inclusionProof, leafHash } from '@mailwarden/ledger';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completedBy, consistencyFromNodes, nodeKey, nodesForConsistency, nodesForProof, proofFromNodes } from './tree-nodes.js';

const leafOf = (index: number): Sha256 => leafHash(Buffer.from(`entry ${index}`));

function storedNodes(size: number): Map<string, Sha256> {
  const nodes = new Map<string, Sha256>();
  let tree = EMPTY_TREE;
  for (let index = 0; index < size; index += 1) {
    for (const node of completedBy(tree.size, tree.peaks, leafOf(index))) nodes.set(nodeKey(node.level, node.index), node.hash);
    tree = appendLeaf(tree, leafOf(index));
  }
  return nodes;
}

describe('stored subtree roots', () => {
  it('give the very proofs that the leaves give', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.nat(), (size, seed) => {
        const nodes = storedNodes(size);
        const leaf = seed % size;
        const read: string[] = [];
        const proof = proofFromNodes(leaf, size, (level, index) => {
          read.push(nodeKey(level, index));
          return nodes.get(nodeKey(level, index));
        });
        expect(proof).toEqual(inclusionProof(leafOf, leaf, size));
        expect([...new Set(read)].sort()).toEqual([...new Set(nodesForProof(leaf, size).map((node) => nodeKey(node.level, node.index)))].sort());
      }),
    );
  });

  it('give the very proofs of consistency that the leaves give, and they hold', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.nat(), (size, seed) => {
        const nodes = storedNodes(size);
        const old = seed % (size + 1);
        const read: string[] = [];
        const proof = consistencyFromNodes(old, size, (level, index) => {
          read.push(nodeKey(level, index));
          return nodes.get(nodeKey(level, index));
        });
        expect(proof).toEqual(consistencyProof(leafOf, old, size));
        expect([...new Set(read)].sort()).toEqual([...new Set(nodesForConsistency(old, size).map((node) => nodeKey(node.level, node.index)))].sort());
      }),
    );
  });

  it('say so when one is missing', () => {
    expect(() => proofFromNodes(0, 2, () => undefined)).toThrow(RangeError);
  });
});
