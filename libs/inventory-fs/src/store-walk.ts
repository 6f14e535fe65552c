import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { Store } from '@mailwarden/catalogue';
import { compilePatterns, isInside, OPEN_WAY, outermost, StoreTally, Ways, type BytePath, type FolderRights, type PatternSet, type Way } from '@mailwarden/inventory';
import type { Directory, FolderOnTheWay } from './directory-descriptor.js';
import { contentHash, lineCount } from './file-content.js';
import type { Host } from './host.js';
import { walk, type PassedOver, type Visitor } from './walk.js';

const BLOCK_BYTES = 512;
/** Names of a pair's files are kept for the comparison with its rows up to here; above it, orphans are unknown. */
export const PAIR_NAMES_MAX = 2_000_000;

/** Reasons for which a folder stays unseen, and with it whatever it holds. */
const HIDING: ReadonlySet<PassedOver> = new Set(['other-file-system', 'permission-denied', 'io-error', 'too-deep']);

/** Years that an instant can be written in. Units: milliseconds since 1970. */
const EARLIEST_MS = -62_167_219_200_000;
const LATEST_MS = 253_402_300_799_999;

/** The kernel itself sets ctime at every change, so a file cannot have been written after it: a modification time beyond it is forged. */
function momentOf({ mtimeMs, ctimeMs }: Stats, clock: Store['clock']): number {
  return Math.min(Math.max(clock === 'changed' ? ctimeMs : Math.min(mtimeMs, ctimeMs), EARLIEST_MS), LATEST_MS);
}

/** Why a store is known in part only: a file of it could be looked at, and not read. */
export const CONTENT_NOT_READABLE = 'content-not-readable';

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
  /** Rights of the folders that lead to a store and are not its own. */
  chainOf(store: WalkedStore): FolderRights[];
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
    if (problem !== null && problem !== 'absent') for (const item of walked) if (item.patterns.roots.some((root) => isInside(root, start))) count(item.blind, problem);
  }
  return { stores: walked, chainOf: (item) => collector.chainOf(item) };
}

const count = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

/** What is known of an open folder. */
interface Place {
  /** Stores that may take in something of it, in the profile's order, up to the first that takes in all of it. */
  readonly candidates: readonly WalkedStore[];
  /** The way to its entries. */
  readonly way: Way;
}

/** A file whose content is read once its folder's entries were looked at. */
interface ToRead {
  readonly item: WalkedStore;
  readonly path: BytePath;
  readonly name: BytePath;
}

class Collector implements Visitor {
  readonly #places = new WeakMap<Directory, Place>();
  /** The folder whose entries are being looked at, so that not every file asks for it. */
  #current: { readonly folder: Directory; readonly place: Place } | null = null;
  readonly #ways = new Ways();
  #wayToStart: Way = OPEN_WAY;
  /** Files with several names, and how many of these are still to come: one that had them all is forgotten. */
  readonly #namesLeft = new Map<string, number>();
  /** Folders that lead to a store. */
  readonly #leading = new Map<BytePath, FolderRights>();
  #toRead: ToRead[] = [];

  constructor(private readonly stores: readonly WalkedStore[]) {}

  file(path: BytePath, name: BytePath, stat: Stats, folder: Directory): void {
    const { candidates, way } = this.#placeOf(folder);
    const item = this.#ownerOf(path, candidates);
    if (item === undefined) return;
    item.present = true;
    if (stat.nlink > 1 && this.#wasSeen(stat)) {
      item.tally.skip('hard-linked-again');
      item.tally.addRights({ uid: stat.uid, gid: stat.gid, mode: stat.mode, way }, false); // Another way in, perhaps a wider one.
    } else item.tally.add({ bytes: stat.size, allocated: stat.blocks * BLOCK_BYTES, atMs: momentOf(stat, item.store.clock), uid: stat.uid, gid: stat.gid, mode: stat.mode, way });
    this.#keepName(item, path);
    if (item.store.kind === 'configuration' || item.store.lineRecords) this.#toRead.push({ item, path, name });
  }

  folder(path: BytePath, folder: Directory, above: Directory | null): void {
    const way = above === null ? this.#wayToStart : this.#placeOf(above).way;
    const candidates = this.#candidatesFor(path);
    this.#places.set(folder, { candidates, way: this.#ways.through(way, folder) });
    const own = candidates.find((item) => item.patterns.ownsFolder(path) && !item.excluded.matches(path));
    if (own !== undefined) {
      own.present = true;
      own.tally.addRights({ uid: folder.uid, gid: folder.gid, mode: folder.mode, way }, true);
    }
    if (this.#leadsToAStore(path)) this.#leading.set(path, { uid: folder.uid, gid: folder.gid, mode: folder.mode & 0o7777 });
  }

  enters(path: BytePath): boolean {
    return this.stores.some((item) => item.patterns.mayHold(path));
  }

  /** A place that the profile names may be a mount, and so may a folder on the way to it. */
  mayCross(path: BytePath): boolean {
    return this.#leadsToAStore(path);
  }

  passedOver(path: BytePath, reason: PassedOver): void {
    this.#ownerOf(path, this.stores)?.tally.skip(reason);
    if (HIDING.has(reason)) for (const item of this.#candidatesFor(path)) count(item.blind, reason);
    else if (reason === 'not-a-regular-file') for (const item of this.stores) if (item.patterns.roots.some((root) => isInside(root, path))) count(item.blind, 'not-a-folder');
  }

  above(start: BytePath, chain: readonly FolderOnTheWay[]): void {
    this.#wayToStart = chain.reduce((way, folder) => this.#ways.through(way, folder), OPEN_WAY);
    const parts = start.split('/');
    chain.forEach((folder, index) => this.#leading.set(parts.slice(0, index + 2).join('/'), { uid: folder.uid, gid: folder.gid, mode: folder.mode & 0o7777 }));
  }

  async looked(folder: Directory): Promise<void> {
    if (this.#toRead.length === 0) return;
    const files = this.#toRead;
    this.#toRead = [];
    for (const { item, path, name } of files) {
      try {
        if (item.store.kind === 'configuration') item.contents.push(`${createHash('sha256').update(path, 'latin1').digest('hex')} ${await contentHash(folder, name)}`);
        if (item.store.lineRecords) item.lines += await lineCount(folder, name);
      } catch {
        count(item.blind, CONTENT_NOT_READABLE);
      }
    }
  }

  chainOf({ patterns }: WalkedStore): FolderRights[] {
    return [...this.#leading].filter(([path]) => patterns.roots.some((root) => isInside(root, path)) && !patterns.ownsFolder(path)).map(([, rights]) => rights);
  }

  #placeOf(folder: Directory): Place {
    if (this.#current?.folder !== folder) this.#current = { folder, place: this.#places.get(folder) ?? { candidates: this.stores, way: OPEN_WAY } };
    return this.#current.place;
  }

  #leadsToAStore(path: BytePath): boolean {
    return this.stores.some((item) => item.patterns.roots.some((root) => isInside(root, path)));
  }

  /** Stores that something in a folder may belong to. Where one takes in all of it, those after it get nothing. */
  #candidatesFor(path: BytePath): readonly WalkedStore[] {
    const all = this.stores.findIndex((item) => item.store.exclude.length === 0 && item.patterns.ownsFolder(path));
    return this.stores.filter((item, index) => (all === -1 || index <= all) && item.patterns.mayHold(path));
  }

  #ownerOf(path: BytePath, candidates: readonly WalkedStore[]): WalkedStore | undefined {
    return candidates.find((item) => item.patterns.matches(path) && !item.excluded.matches(path));
  }

  /** A file with several names takes its room once. */
  #wasSeen({ dev, ino, nlink }: Stats): boolean {
    const key = `${dev}:${ino}`;
    const left = this.#namesLeft.get(key);
    if (left === undefined) this.#namesLeft.set(key, nlink - 1);
    else if (left <= 1) this.#namesLeft.delete(key);
    else this.#namesLeft.set(key, left - 1);
    return left !== undefined;
  }

  #keepName(item: WalkedStore, path: BytePath): void {
    const [root] = item.patterns.roots;
    if (item.fileNames === null || root === undefined) return;
    item.fileNames.push(path.slice(root.length + 1));
    if (item.fileNames.length > PAIR_NAMES_MAX) item.fileNames = null;
  }
}
