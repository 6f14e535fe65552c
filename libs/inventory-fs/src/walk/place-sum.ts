import { StoreTally, type BytePath, type FolderRights, type TallyData } from '@mailwarden/inventory';
import { LinkedNames, type LinkedColumns } from './linked-names.js';
import type { WalkPlan } from './walk-plan.js';

/** Names of a pair's files are kept for the comparison with its rows up to here; above it, orphans are unknown. */
export const PAIR_NAMES_MAX = 2_000_000;

/** What a walk found of one store, as plain data. */
export interface StoreFound {
  readonly tally: TallyData;
  readonly present: boolean;
  readonly lines: number;
  /** Paths below the store's first folder, for pairs; null when there were too many. */
  readonly fileNames: readonly BytePath[] | null;
  readonly contents: readonly string[];
  /** Folders that could not be walked, by reason. */
  readonly blind: ReadonlyMap<string, number>;
  /** True where the scan's window ended before all of it was seen, and nothing is remembered of the rest. */
  readonly unseen: boolean;
}

/** What one thread found in one place. */
export interface PlaceFound {
  readonly stores: readonly StoreFound[];
  /** Folders that lead to a store. */
  readonly leading: ReadonlyMap<BytePath, FolderRights>;
  readonly linked: LinkedColumns;
  readonly memory: FoundForMemory;
  readonly effort: WalkEffort;
}

export interface FoundForMemory {
  /** Lines of folders that were read or looked into. */
  readonly lines: readonly string[];
  /** Folders that are as they were, and those that were not looked at because the window ended. */
  readonly kept: readonly BytePath[];
  readonly stale: readonly BytePath[];
  /** Folders that are as they were, whose watched files were looked at. */
  readonly lookedInto: readonly BytePath[];
  /** Folders that are not what memory says, though nothing showed it. */
  readonly doubted: readonly BytePath[];
  /** Folders that looked unchanged and were read to prove the memory, and of them those where it was wrong. */
  readonly proven: number;
  readonly wrong: number;
}

export interface WalkEffort {
  readonly entries: number;
  readonly foldersRead: number;
  readonly foldersRemembered: number;
  readonly pausedMs: number;
  readonly complete: boolean;
}

/** What a walk adds up for one store while it goes on. */
export interface StoreSum {
  readonly tally: StoreTally;
  present: boolean;
  lines: number;
  fileNames: BytePath[] | null;
  readonly contents: string[];
  readonly blind: Map<string, number>;
  unseen: boolean;
}

export const newStoreSum = ({ stores, serviceStartedMs, nowMs }: Pick<WalkPlan, 'stores' | 'serviceStartedMs' | 'nowMs'>, index: number): StoreSum => ({
  tally: new StoreTally(stores[index]?.kind === 'temporary' ? serviceStartedMs : null, nowMs),
  present: false,
  lines: 0,
  fileNames: stores[index]?.kind === 'pair' ? [] : null,
  contents: [],
  blind: new Map(),
  unseen: false,
});

export const count = (counts: Map<string, number>, key: string, more = 1): void => void counts.set(key, (counts.get(key) ?? 0) + more);

/** Adds up what one thread finds in one place. */
export class PlaceSum {
  readonly stores: readonly StoreSum[];
  readonly leading = new Map<BytePath, FolderRights>();
  readonly linked = new LinkedNames();
  readonly memory = { lines: [] as string[], kept: [] as BytePath[], stale: [] as BytePath[], lookedInto: [] as BytePath[], doubted: [] as BytePath[], proven: 0, wrong: 0 };
  readonly effort = { entries: 0, foldersRead: 0, foldersRemembered: 0, pausedMs: 0, complete: true };

  constructor(plan: WalkPlan) {
    this.stores = plan.stores.map((_store, index) => newStoreSum(plan, index));
  }

  get found(): PlaceFound {
    return { stores: this.stores.map((store) => ({ ...store, tally: store.tally.data })), leading: this.leading, linked: this.linked.columns, memory: this.memory, effort: this.effort };
  }
}
