import type { Store } from '@mailwarden/catalogue';
import type { BytePath, FolderRights, PatternSet, StoreTally } from '@mailwarden/inventory';
import { countLinked, missingKey, type MissingNames } from './linked-names.js';
import { count, newStoreSum, PAIR_NAMES_MAX, type FoundForMemory, type PlaceFound, type StoreSum, type WalkEffort } from './place-sum.js';
import type { StoreMap } from './store-map.js';
import type { WalkedPlaces } from './walk-places.js';
import type { WalkPlan } from './walk-plan.js';

/** What the walk found of one store. */
export interface WalkedStore {
  readonly store: Store;
  readonly patterns: PatternSet;
  readonly excluded: PatternSet;
  readonly tally: StoreTally;
  readonly present: boolean;
  readonly lines: number;
  /** Paths below the store's first folder, for pairs; null when there were too many. */
  readonly fileNames: readonly BytePath[] | null;
  readonly contents: readonly string[];
  /** Folders that could not be walked, by reason. */
  readonly blind: ReadonlyMap<string, number>;
  /** Why nobody can say how much it holds, in words; null where all of it was seen or is known from memory. */
  readonly unseen: string | null;
}

/** What all threads found, put together. */
export interface MergedWalk {
  readonly stores: readonly WalkedStore[];
  readonly effort: WalkEffort;
  readonly memory: readonly FoundForMemory[];
  readonly missing: readonly MissingNames[];
  readonly elsewhere: readonly string[];
  chainOf(store: WalkedStore): FolderRights[];
}

const WINDOW_ENDED = "the scan's window ended before all of it was seen";

export function mergePlaces(stores: readonly Store[], map: StoreMap, plan: WalkPlan, { found, unanswered }: WalkedPlaces, stallMs: number): MergedWalk {
  const sums = stores.map((_store, index) => newStoreSum(plan, index));
  const leading = new Map<BytePath, FolderRights>();
  for (const place of found) {
    place.stores.forEach((store, index) => addStore(sums[index] as StoreSum, store));
    for (const [path, rights] of place.leading) leading.set(path, rights);
  }
  const missing = countLinked(found.map(({ linked }) => linked), sums.map(({ tally }) => tally));
  const silent = new Set(unanswered.flatMap(({ path, names }) => (names === null ? [path] : names.map((name) => `${path}/${name}`))).flatMap((path) => map.candidatesFor(path).map(({ index }) => index)));
  const unseenBecause = (index: number): string | null => (silent.has(index) ? `it did not answer within ${Math.round(stallMs / 1000)} s` : sums[index]?.unseen === true ? WINDOW_ENDED : null);
  return {
    stores: map.stores.map(({ index, patterns, excluded }) => ({ ...(sums[index] as StoreSum), store: stores[index] as Store, patterns, excluded, unseen: unseenBecause(index) })),
    effort: effortOf(found, unanswered.length > 0),
    memory: found.map(({ memory }) => memory),
    missing,
    elsewhere: missing.map(missingKey),
    chainOf: ({ patterns }) => [...leading].filter(([path]) => map.beginningIn(path).some((store) => store.patterns === patterns) && !patterns.ownsFolder(path)).map(([, rights]) => rights),
  };
}

function addStore(sum: StoreSum, found: PlaceFound['stores'][number]): void {
  sum.tally.absorb(found.tally);
  sum.present ||= found.present;
  sum.lines += found.lines;
  sum.unseen ||= found.unseen;
  sum.contents.push(...found.contents);
  for (const [reason, places] of found.blind) count(sum.blind, reason, places);
  if (sum.fileNames === null || found.fileNames === null || sum.fileNames.length + found.fileNames.length > PAIR_NAMES_MAX) sum.fileNames = null;
  else for (const name of found.fileNames) sum.fileNames.push(name);
}

function effortOf(found: readonly PlaceFound[], isSilent: boolean): WalkEffort {
  const sum = (of: (effort: WalkEffort) => number): number => found.reduce((total, { effort }) => total + of(effort), 0);
  return {
    entries: sum(({ entries }) => entries),
    foldersRead: sum(({ foldersRead }) => foldersRead),
    foldersRemembered: sum(({ foldersRemembered }) => foldersRemembered),
    pausedMs: Math.round(sum(({ pausedMs }) => pausedMs)),
    complete: !isSilent && found.every(({ effort }) => effort.complete),
  };
}
