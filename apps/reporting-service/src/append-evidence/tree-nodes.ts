import type { Sha256 } from '@mailwarden/kernel';
import { nodeHash, tilesOf } from '@mailwarden/ledger';

/** Root of one perfect subtree: `level` 0 is a leaf, `index` counts the subtrees of that level from the left. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Sha256;
}

/** Name of a subtree's place. */
export const nodeKey = (level: number, index: number): string => `${level}/${index}`;

/** The subtrees that one more leaf completes, the leaf itself first. `peaks` are those of the tree before it, largest first. */
export function completedBy(size: number, peaks: readonly Sha256[], leaf: Sha256): TreeNode[] {
  const left = [...peaks];
  const nodes: TreeNode[] = [{ level: 0, index: size, hash: leaf }];
  let hash = leaf;
  let index = size;
  for (let level = 0; index % 2 === 1; level += 1) {
    const sibling = left.pop();
    if (sibling === undefined) throw new RangeError(`a tree of ${size} leaves has more peaks than these`);
    hash = nodeHash(sibling, hash);
    index = (index - 1) / 2;
    nodes.push({ level: level + 1, index, hash });
  }
  return nodes;
}

type Range = readonly [from: number, to: number];

const tiles = ([from, to]: Range): ReturnType<typeof tilesOf> => tilesOf(from, to);

/** Ranges whose roots prove one leaf, from the leaf upwards. Source: RFC 9162, section 2.1.3.1. */
function siblingRanges(leaf: number, size: number): Range[] {
  const ranges: Range[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = splitOf(from, to);
    if (leaf < middle) {
      ranges.push([middle, to]);
      to = middle;
    } else {
      ranges.push([from, middle]);
      from = middle;
    }
  }
  return ranges.reverse();
}

/** The greatest power of two below a number of leaves, from the left. */
function splitOf(from: number, to: number): number {
  let half = 1;
  while (half * 2 < to - from) half *= 2;
  return from + half;
}

/** Ranges whose roots show that the first leaves of a log are those of an older one. Source: RFC 9162, section 2.1.4.1. */
function olderRanges(oldSize: number, size: number): Range[] {
  const path = (from: number, to: number, isWhole: boolean): Range[] => {
    if (oldSize === to) return isWhole ? [] : [[from, to]];
    const middle = splitOf(from, to);
    return oldSize <= middle ? [...path(from, middle, isWhole), [middle, to]] : [...path(middle, to, false), [from, middle]];
  };
  return oldSize === 0 || oldSize === size ? [] : path(0, size, true);
}

/** The subtrees that a proof reads. Cost: at most the square of the tree's height. */
export const nodesForProof = (leaf: number, size: number): { level: number; index: number }[] => siblingRanges(leaf, size).flatMap(tiles);

/** The same for the proof that an older log is the beginning of this one. */
export const nodesForConsistency = (oldSize: number, size: number): { level: number; index: number }[] => olderRanges(oldSize, size).flatMap(tiles);

type HashOf = (level: number, index: number) => Sha256 | undefined;

/** Errors: throws RangeError when a subtree that it needs is missing. */
function rootOf(range: Range, hashOf: HashOf): Sha256 {
  let root: Sha256 | undefined;
  for (const tile of tiles(range).reverse()) {
    const hash = hashOf(tile.level, tile.index);
    if (hash === undefined) throw new RangeError(`the ledger lacks the subtree ${nodeKey(tile.level, tile.index)}`);
    root = root === undefined ? hash : nodeHash(hash, root);
  }
  if (root === undefined) throw new RangeError('an empty range proves nothing');
  return root;
}

/** Inclusion proof from stored subtree roots. Errors: as `rootOf`. */
export const proofFromNodes = (leaf: number, size: number, hashOf: HashOf): Sha256[] => siblingRanges(leaf, size).map((range) => rootOf(range, hashOf));

/** Proof from stored subtree roots that the log of `oldSize` entries is the beginning of the one of `size`. Errors: as `rootOf`. */
export const consistencyFromNodes = (oldSize: number, size: number, hashOf: HashOf): Sha256[] => olderRanges(oldSize, size).map((range) => rootOf(range, hashOf));
