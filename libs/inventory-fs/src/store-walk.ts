import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { Store } from '@mailwarden/catalogue';
import { compilePatterns, outermost, StoreTally, type BytePath, type EntryRights, type PatternSet } from '@mailwarden/inventory';
import type { Directory } from './directory-descriptor.js';
import { contentHash, lineCount } from './file-content.js';
import type { Host } from './host.js';
import { walk, type PassedOver, type Visitor } from './walk.js';

const BLOCK_BYTES = 512;
/** Names of a pair's files are kept for the comparison with its rows up to here; above it, orphans are unknown. */
export const PAIR_NAMES_MAX = 2_000_000;

/** What the walk found of one store. */
export interface WalkedStore {
  readonly store: Store;
  readonly patterns: PatternSet;
  readonly excluded: PatternSet;
  readonly tally: StoreTally;
  present: boolean;
  lines: number;
  /** Paths below the store's first folder, for pairs; null when there were too many. */
  fileNames: BytePath[] | null;
  contents: string[];
  /** Folders that could not be walked, by reason. */
  readonly blind: Map<string, number>;
}

export interface WalkedHost {
  readonly stores: readonly WalkedStore[];
  /** Rights of the folders that lead to a store. */
  chainOf(store: WalkedStore): EntryRights[];
}

/** Stores of one profile, walked together: each file belongs to the first store that takes it in. */
export async function walkStores(host: Host, stores: readonly Store[], serviceStartedMs: number | null): Promise<WalkedHost> {
  const walked = stores.map((store): WalkedStore => {
    const patterns = compilePatterns(store.files);
    return { store, patterns, excluded: compilePatterns(store.exclude), tally: new StoreTally(store.kind === 'temporary' ? serviceStartedMs : null), present: false, lines: 0, fileNames: store.kind === 'pair' ? [] : null, contents: [], blind: new Map() };
  });
  const collector = new Collector(walked);
  for (const start of outermost(walked.flatMap(({ patterns }) => patterns.roots))) {
    const problem = await walk(host.root, start, collector);
    if (problem !== null && problem !== 'absent') for (const item of walked) if (item.patterns.roots.some((root) => isWithin(root, start))) count(item.blind, problem);
  }
  return { stores: walked, chainOf: (item) => collector.chainOf(item) };
}

const count = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
const isWithin = (path: BytePath, folder: BytePath): boolean => path === folder || path.startsWith(`${folder}/`);

class Collector implements Visitor {
  /** Stores that may take in a file of a folder, in the profile's order, up to the first that takes in all of it. */
  readonly #candidates = new WeakMap<object, readonly WalkedStore[]>();
  readonly #linked = new Set<string>();
  readonly #ancestors = new Map<BytePath, EntryRights>();
  readonly #above = new Map<BytePath, EntryRights[]>();

  constructor(private readonly stores: readonly WalkedStore[]) {}

  file(path: BytePath, name: BytePath, stat: Stats, folder: Directory): void {
    const item = this.#ownerOf(path, this.#candidates.get(folder) ?? this.stores);
    if (item === undefined) return;
    item.present = true;
    // A file with several names takes its room once.
    if (stat.nlink > 1) {
      const key = `${stat.dev}:${stat.ino}`;
      if (this.#linked.has(key)) return item.tally.skip('hard-linked-again');
      this.#linked.add(key);
    }
    item.tally.add({ bytes: stat.size, allocated: stat.blocks * BLOCK_BYTES, atMs: item.store.clock === 'changed' ? stat.ctimeMs : stat.mtimeMs, uid: stat.uid, gid: stat.gid, mode: stat.mode });
    this.#keepDetail(item, path, name, folder);
  }

  folder(path: BytePath, rights: { uid: number; gid: number; mode: number }): void {
    const own = this.stores.find((item) => item.patterns.ownsFolder(path) && !item.excluded.matches(path));
    const all = own === undefined || own.store.exclude.length > 0 ? this.stores.length : this.stores.indexOf(own);
    this.#candidates.set(rights, this.stores.filter((item, index) => item === own || (index < all && item.patterns.roots.some((root) => isWithin(path, root)))));
    if (own !== undefined) {
      own.present = true;
      own.tally.addRights(rights, true);
    }
    if (this.stores.some((item) => item.patterns.roots.some((root) => root !== path && isWithin(root, path)))) this.#ancestors.set(path, { ...rights, mode: rights.mode & 0o7777, folder: true, items: 1 });
  }

  passedOver(path: BytePath, reason: PassedOver): void {
    const item = this.#ownerOf(path, this.stores) ?? this.stores.find((candidate) => candidate.patterns.roots.some((root) => isWithin(path, root)));
    item?.tally.skip(reason);
  }

  above(start: BytePath, chain: readonly { uid: number; gid: number; mode: number }[]): void {
    this.#above.set(start, chain.map((rights) => ({ uid: rights.uid, gid: rights.gid, mode: rights.mode & 0o7777, folder: true, items: 1 })));
  }

  chainOf(item: WalkedStore): EntryRights[] {
    const [root] = item.patterns.roots;
    if (root === undefined) return [];
    const above = [...this.#above].filter(([start]) => isWithin(root, start)).flatMap(([, chain]) => chain);
    return [...above, ...[...this.#ancestors].filter(([path]) => path !== root && isWithin(root, path)).map(([, rights]) => rights)];
  }

  #ownerOf(path: BytePath, candidates: readonly WalkedStore[]): WalkedStore | undefined {
    return candidates.find((item) => item.patterns.matches(path) && !item.excluded.matches(path));
  }

  #keepDetail(item: WalkedStore, path: BytePath, name: BytePath, folder: Directory): void {
    const [root] = item.patterns.roots;
    if (item.fileNames !== null && root !== undefined) {
      item.fileNames.push(path.slice(root.length + 1));
      if (item.fileNames.length > PAIR_NAMES_MAX) item.fileNames = null;
    }
    try {
      if (item.store.kind === 'configuration') item.contents.push(`${createHash('sha256').update(path, 'latin1').digest('hex')} ${contentHash(folder, name)}`);
      if (item.store.lineRecords) item.lines += lineCount(folder, name);
    } catch {
      count(item.blind, 'content-not-readable');
    }
  }
}
