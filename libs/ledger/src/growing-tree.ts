import type { Sha256 } from '@mailwarden/kernel';
import { EMPTY_ROOT, nodeHash } from './merkle-hash.js';
import { tilesOf } from './tiles.js';

/** A perfect subtree of `2 ** level` leaves. */
interface Peak {
  readonly level: number;
  readonly hash: Sha256;
}

/**
 * A log that is read from some place on, leaf by leaf or by whole subtrees, and whose root can be told at any size.
 * Memory: as many hashes as the tree is high. It changes in place, since a log of millions of entries goes through it.
 */
export class GrowingTree {
  readonly #peaks: Peak[] = [];
  #size = 0;

  private constructor() {}

  /** A log without entries. */
  static empty(): GrowingTree {
    return new GrowingTree();
  }

  /** A log of `size` entries by the roots of its perfect subtrees, largest first. Null where these are not as many as such a log has. */
  static from(size: number, hashes: readonly Sha256[]): GrowingTree | null {
    const tiles = tilesOf(0, size);
    if (tiles.length !== hashes.length) return null;
    const tree = new GrowingTree();
    for (const [place, { level }] of tiles.entries()) tree.#peaks.push({ level, hash: hashes[place] as Sha256 });
    tree.#size = size;
    return tree;
  }

  get size(): number {
    return this.#size;
  }

  append(leaf: Sha256): void {
    this.#push(0, leaf);
  }

  /** Appends the entries up to `to` by the roots of the perfect subtrees that tile them. False, and nothing was appended, where these are not as many. */
  appendTiles(to: number, hashes: readonly Sha256[]): boolean {
    const tiles = tilesOf(this.#size, to);
    if (tiles.length !== hashes.length) return false;
    for (const [place, { level }] of tiles.entries()) this.#push(level, hashes[place] as Sha256);
    return true;
  }

  /** The one hash that stands for all entries so far. Source: RFC 9162, section 2.1.1. */
  root(): Sha256 {
    let root: Sha256 | undefined;
    for (let place = this.#peaks.length - 1; place >= 0; place -= 1) {
      const { hash } = this.#peaks[place] as Peak;
      root = root === undefined ? hash : nodeHash(hash, root);
    }
    return root ?? EMPTY_ROOT;
  }

  #push(level: number, hash: Sha256): void {
    this.#size += 2 ** level;
    let peak: Peak = { level, hash };
    for (let last = this.#peaks.at(-1); last?.level === peak.level; last = this.#peaks.at(-1)) {
      this.#peaks.pop();
      peak = { level: peak.level + 1, hash: nodeHash(last.hash, peak.hash) };
    }
    this.#peaks.push(peak);
  }
}
