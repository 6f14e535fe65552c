import type { Store } from '@mailwarden/catalogue';
import { compilePatterns, isInside, type BytePath, type PatternSet } from '@mailwarden/inventory';

/** What a walk needs to know of a store: plain data, so that it can be posted to a thread. */
export type StoreOutline = Pick<Store, 'kind' | 'files' | 'exclude' | 'clock' | 'lineRecords' | 'units'>;

/** Rotation takes logs generation by generation, and records line by line, whatever folders they lie in. */
const goesByFolders = ({ kind, lineRecords }: Pick<Store, 'kind' | 'lineRecords'>): boolean => kind !== 'log' && !(kind === 'records' && lineRecords);

export const outlineOf = ({ kind, files, exclude, clock, lineRecords, units }: Store): StoreOutline => ({ kind, files, exclude, clock, lineRecords, units: goesByFolders({ kind, lineRecords }) ? units : [] });

/** One store of a profile with its globs compiled. */
export interface MappedStore {
  /** Its place in the profile: of several that take in a file, the first owns it. */
  readonly index: number;
  readonly outline: StoreOutline;
  readonly patterns: PatternSet;
  readonly excluded: PatternSet;
  /** Folders of it that are one item each; null where none are. */
  readonly units: PatternSet | null;
}

/** Which stores of a profile a path has to do with. */
export class StoreMap {
  readonly stores: readonly MappedStore[];
  readonly #roots: ReadonlySet<BytePath>;
  readonly #hasUnits: boolean;

  constructor(outlines: readonly StoreOutline[]) {
    this.stores = outlines.map((outline, index) => ({ index, outline, patterns: compilePatterns(outline.files), excluded: compilePatterns(outline.exclude), units: outline.units.length === 0 ? null : compilePatterns(outline.units) }));
    this.#hasUnits = this.stores.some(({ units }) => units !== null);
    this.#roots = new Set(this.stores.flatMap(({ patterns }) => patterns.roots));
  }

  /** True for a folder that holds, or leads to, something of a store. */
  enters(path: BytePath): boolean {
    return this.stores.some(({ patterns }) => patterns.mayHold(path));
  }

  /** True for a folder that a store begins with, or that leads to one: such a place may be a mount of its own. */
  leadsToStore(path: BytePath): boolean {
    return this.stores.some((store) => this.#beginsIn(store, path));
  }

  /** Stores that begin in this folder or below it. */
  beginningIn(path: BytePath): readonly MappedStore[] {
    return this.stores.filter((store) => this.#beginsIn(store, path));
  }

  /** True where a store begins: such a place is walked for itself, so that one that does not answer takes no other with it. */
  isBeginning(path: BytePath): boolean {
    return this.#roots.has(path);
  }

  /** Stores that something in a folder may belong to, in the profile's order. Where one takes in all of it, those after it get nothing. */
  candidatesFor(path: BytePath): readonly MappedStore[] {
    const all = this.stores.findIndex(({ outline, patterns }) => outline.exclude.length === 0 && patterns.ownsFolder(path));
    return this.stores.filter(({ index, patterns }) => (all === -1 || index <= all) && patterns.mayHold(path));
  }

  /** The store that a whole folder belongs to, whatever the names in it are; null where that depends on the name, or it is nobody's. */
  wholeOwner(path: BytePath, candidates: readonly MappedStore[]): MappedStore | null {
    const [first] = candidates;
    return first !== undefined && first.outline.exclude.length === 0 && first.patterns.ownsFolder(path) ? first : null;
  }

  ownerOf(path: BytePath, candidates: readonly MappedStore[] = this.stores): MappedStore | undefined {
    return candidates.find(({ patterns, excluded }) => patterns.matches(path) && !excluded.matches(path));
  }

  /** The store that a folder itself is part of. */
  ownerOfFolder(path: BytePath, candidates: readonly MappedStore[]): MappedStore | undefined {
    return candidates.find(({ patterns, excluded }) => patterns.ownsFolder(path) && !excluded.matches(path));
  }

  /** The store of which a folder is one item, with all that lies in it. One of which a part belongs to another store, or is left out, is none, and neither is the folder that a store begins with. */
  unitOwner(path: BytePath): MappedStore | undefined {
    if (!this.#hasUnits) return undefined;
    const owner = this.stores.find(({ patterns }) => patterns.mayHold(path));
    if (owner?.units?.matches(path) !== true || !owner.patterns.ownsFolder(path) || owner.excluded.mayHold(path)) return undefined;
    return owner.patterns.roots.some((root) => root !== path && isInside(path, root)) ? owner : undefined;
  }

  #beginsIn({ patterns }: MappedStore, path: BytePath): boolean {
    return patterns.roots.some((root) => isInside(root, path));
  }
}
