import type { Sha256 } from '@mailwarden/kernel';
import { nodeHash } from './merkle-hash.js';
import { splitPoint, subtreeRoot, type LeafReader } from './merkle-tree.js';

const isIndex = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/**
 * The hashes that lead from one leaf to the root of the first `size` entries.
 * Source: RFC 9162, section 2.1.3.1. Errors: throws RangeError when there is no such leaf.
 */
export function inclusionProof(leaf: LeafReader, index: number, size: number): Sha256[] {
  if (!isIndex(index) || index >= size) throw new RangeError(`a log of ${size} entries has no entry ${index}`);
  const path = (from: number, to: number): Sha256[] => {
    if (to - from === 1) return [];
    const middle = from + splitPoint(to - from);
    return index < middle
      ? [...path(from, middle), subtreeRoot(leaf, middle, to)]
      : [...path(middle, to), subtreeRoot(leaf, from, middle)];
  };
  return path(0, size);
}

/** True when the proof leads from the leaf to the root. Source: RFC 9162, section 2.1.3.2. Never throws on hostile input. */
export function verifyInclusion(parts: { leafHash: Sha256; index: number; size: number; proof: readonly Sha256[]; rootHash: Sha256 }): boolean {
  const { index, size } = parts;
  if (!isIndex(index) || !isIndex(size) || index >= size) return false;
  let fn = index;
  let sn = size - 1;
  let root = parts.leafHash;
  for (const sibling of parts.proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      root = nodeHash(sibling, root);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      root = nodeHash(root, sibling);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && root === parts.rootHash;
}

/**
 * The hashes that show that the log of `oldSize` entries is the beginning of the one of `newSize`.
 * Source: RFC 9162, section 2.1.4.1. Errors: throws RangeError when the sizes do not fit.
 */
export function consistencyProof(leaf: LeafReader, oldSize: number, newSize: number): Sha256[] {
  if (!isIndex(oldSize) || !isIndex(newSize) || oldSize > newSize) throw new RangeError(`a log of ${newSize} entries never had ${oldSize}`);
  if (oldSize === 0 || oldSize === newSize) return [];
  const path = (known: number, from: number, to: number, whole: boolean): Sha256[] => {
    if (known === to) return whole ? [] : [subtreeRoot(leaf, from, to)];
    const middle = from + splitPoint(to - from);
    return known <= middle
      ? [...path(known, from, middle, whole), subtreeRoot(leaf, middle, to)]
      : [...path(known, middle, to, false), subtreeRoot(leaf, from, middle)];
  };
  return path(oldSize, 0, newSize, true);
}

/** True when the proof shows that the old log is the beginning of the new one. Source: RFC 9162, section 2.1.4.2. */
export function verifyConsistency(parts: {
  oldSize: number;
  newSize: number;
  oldRoot: Sha256;
  newRoot: Sha256;
  proof: readonly Sha256[];
}): boolean {
  const { oldSize, newSize, oldRoot, newRoot } = parts;
  if (!isIndex(oldSize) || !isIndex(newSize) || oldSize > newSize) return false;
  if (oldSize === newSize) return parts.proof.length === 0 && oldRoot === newRoot;
  if (oldSize === 0) return parts.proof.length === 0;
  const isPowerOfTwo = Number.isInteger(Math.log2(oldSize));
  const [first, ...rest] = isPowerOfTwo ? [oldRoot, ...parts.proof] : parts.proof;
  if (first === undefined) return false;
  let fn = oldSize - 1;
  let sn = newSize - 1;
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  let fr = first;
  let sr = first;
  for (const sibling of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(sibling, fr);
      sr = nodeHash(sibling, sr);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      sr = nodeHash(sr, sibling);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && fr === oldRoot && sr === newRoot;
}
