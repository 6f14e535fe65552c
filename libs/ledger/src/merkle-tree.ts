import type { Sha256 } from '@mailwarden/kernel';
import { EMPTY_ROOT, nodeHash } from './merkle-hash.js';

/**
 * What must be kept to append to a log without its entries: the roots of its perfect subtrees, largest first.
 * Shape: one hash per bit set in `size`.
 */
export interface TreeState {
  readonly size: number;
  readonly peaks: readonly Sha256[];
}

export const EMPTY_TREE: TreeState = { size: 0, peaks: [] };

/** The tree with one more leaf. Cost: as many hashes as trailing one bits in the old size. */
export function appendLeaf(tree: TreeState, leaf: Sha256): TreeState {
  const peaks = [...tree.peaks];
  let right = leaf;
  for (let size = tree.size; size % 2 === 1; size = Math.floor(size / 2)) {
    const left = peaks.pop();
    if (left === undefined) throw new RangeError(`a tree of ${tree.size} leaves has more peaks than these`);
    right = nodeHash(left, right);
  }
  peaks.push(right);
  return { size: tree.size + 1, peaks };
}

/** The one hash that stands for all entries. Source: RFC 9162, section 2.1.1. */
export function rootHash(tree: TreeState): Sha256 {
  let root: Sha256 | undefined;
  for (const peak of [...tree.peaks].reverse()) root = root === undefined ? peak : nodeHash(peak, root);
  return root ?? EMPTY_ROOT;
}

/** Largest power of two below `size`. */
export function splitPoint(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** Leaf hashes by index; the caller decides where they are kept. */
export type LeafReader = (index: number) => Sha256;

/** Root over the leaves `from` to `to`, the last one not included. */
export function subtreeRoot(leaf: LeafReader, from: number, to: number): Sha256 {
  if (to <= from) return EMPTY_ROOT;
  if (to - from === 1) return leaf(from);
  const middle = from + splitPoint(to - from);
  return nodeHash(subtreeRoot(leaf, from, middle), subtreeRoot(leaf, middle, to));
}
