import type { Sha256 } from '@mailwarden/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leafHash } from './merkle-hash.js';
import { appendLeaf, EMPTY_TREE, rootHash, type TreeState } from './merkle-tree.js';
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from './proof.js';

const treeOf = (leaves: readonly Sha256[]): TreeState => leaves.reduce(appendLeaf, EMPTY_TREE);
const leavesOf = (size: number): Sha256[] => Array.from({ length: size }, (_, index) => leafHash(Buffer.from(`entry ${index}`)));
const reader = (leaves: readonly Sha256[]) => (index: number): Sha256 => leaves[index] ?? ('missing' as Sha256);
const flip = (hash: Sha256): Sha256 => ((hash[0] === '0' ? '1' : '0') + hash.slice(1)) as Sha256;

/** Entries and roots of the certificate-transparency test vectors, sizes 1 to 8. */
const ENTRIES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('Merkle tree', () => {
  it('has the roots of the public test vectors', () => {
    const leaves = ENTRIES.map((hex) => leafHash(Buffer.from(hex, 'hex')));
    expect(ROOTS.map((_, index) => rootHash(treeOf(leaves.slice(0, index + 1))))).toEqual(ROOTS);
    expect(rootHash(EMPTY_TREE)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('proves each entry, and nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), (size, seed) => {
        const leaves = leavesOf(size);
        const index = seed % size;
        const root = rootHash(treeOf(leaves));
        const proof = inclusionProof(reader(leaves), index, size);
        const leaf = reader(leaves)(index);
        const holds = { leafHash: leaf, index, size, proof, rootHash: root };
        expect(verifyInclusion(holds)).toBe(true);
        expect(verifyInclusion({ ...holds, leafHash: flip(leaf) })).toBe(false);
        expect(verifyInclusion({ ...holds, rootHash: flip(root) })).toBe(false);
        expect(verifyInclusion({ ...holds, proof: [...proof, root] })).toBe(false);
        if (proof.length > 0) expect(verifyInclusion({ ...holds, proof: proof.slice(1) })).toBe(false);
        if (size > 1) expect(verifyInclusion({ ...holds, index: (index + 1) % size })).toBe(false);
        expect(verifyInclusion({ ...holds, index: size })).toBe(false);
      }),
    );
  });

  it('proves that a log only grew, and notices a rewrite', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 30 }), fc.nat(), (oldSize, grown, seed) => {
        const newSize = oldSize + grown;
        const leaves = leavesOf(newSize);
        const oldRoot = rootHash(treeOf(leaves.slice(0, oldSize)));
        const parts = { oldSize, newSize, oldRoot, newRoot: rootHash(treeOf(leaves)), proof: consistencyProof(reader(leaves), oldSize, newSize) };
        expect(verifyConsistency(parts)).toBe(true);
        const rewritten = leaves.map((leaf, index) => (index === seed % oldSize ? flip(leaf) : leaf));
        const forged = { ...parts, newRoot: rootHash(treeOf(rewritten)), proof: consistencyProof(reader(rewritten), oldSize, newSize) };
        expect(verifyConsistency(forged)).toBe(false);
        if (parts.proof.length > 0) expect(verifyConsistency({ ...parts, proof: parts.proof.slice(1) })).toBe(false);
      }),
    );
  });

  it('survives hostile numbers', () => {
    const leaf = leafHash(Buffer.from('x'));
    for (const index of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
      expect(verifyInclusion({ leafHash: leaf, index, size: 1, proof: [], rootHash: leaf })).toBe(false);
    }
    expect(() => inclusionProof(() => leaf, 3, 3)).toThrow(RangeError);
  });
});
