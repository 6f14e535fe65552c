import type { Sha256 } from '@mailwarden/kernel';
import { nodeHash } from './merkle-hash.js';

/** Place of a perfect subtree: `level` 0 is a leaf, `index` counts the subtrees of that level from the left. */
export interface Tile {
  readonly level: number;
  readonly index: number;
}

/** The perfect subtrees that tile the entries `from` to `to`, the last one not included, from the left. Cost: at most twice as many as the tree is high. */
export function tilesOf(from: number, to: number): Tile[] {
  const found: Tile[] = [];
  for (let at = from; at < to; ) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= to) level += 1;
    found.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return found;
}

/**
 * Entries of which only that they are there is told, by the roots of the perfect subtrees that tile them.
 * Memory: at most twice as many hashes as the tree is high, however many entries go in.
 */
export class HiddenRun {
  readonly #subtrees: { readonly level: number; readonly index: number; readonly hash: Sha256 }[] = [];
  #to: number;

  constructor(readonly from: number) {
    this.#to = from;
  }

  get to(): number {
    return this.#to;
  }

  /** From the left, as `tilesOf` has them. */
  get hashes(): Sha256[] {
    return this.#subtrees.map(({ hash }) => hash);
  }

  add(leaf: Sha256): void {
    let subtree = { level: 0, index: this.#to, hash: leaf };
    this.#to += 1;
    // Two neighbours are one subtree where the left one stands at an even place of its level.
    for (let left = this.#subtrees.at(-1); left?.level === subtree.level && left.index % 2 === 0; left = this.#subtrees.at(-1)) {
      this.#subtrees.pop();
      subtree = { level: left.level + 1, index: left.index / 2, hash: nodeHash(left.hash, subtree.hash) };
    }
    this.#subtrees.push(subtree);
  }
}
