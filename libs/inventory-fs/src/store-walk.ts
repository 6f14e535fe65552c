import { availableParallelism } from 'node:os';
import { setTimeout as rest } from 'node:timers/promises';
import type { Store } from '@mailwarden/catalogue';
import { outermost, type BytePath, type FolderRights } from '@mailwarden/inventory';
import type { Host } from './host.js';
import type { HostMemory } from './memory/host-memory.js';
import { FULL_SPEED, type PaceSettings } from './pace/pace.js';
import { mergePlaces, type MergedWalk, type WalkedStore } from './walk/merged-walk.js';
import { doubtedFolders } from './walk/doubted-folders.js';
import type { WalkEffort } from './walk/place-sum.js';
import { outlineOf, StoreMap } from './walk/store-map.js';
import { STALL_MS, walkPlaces, type WalkedPlaces } from './walk/walk-places.js';
import type { Place, WalkPlan } from './walk/walk-plan.js';

export { CONTENT_NOT_READABLE } from './walk/folder-reading.js';
export { PAIR_NAMES_MAX } from './walk/place-sum.js';
export type { WalkedStore } from './walk/merged-walk.js';

/** On a mail server no scan takes more cores than this, whatever it has. */
export const THREADS_MAX = 2;
/** A walk that has to go back for what it doubts is done so often at most: on a busy host there is always something new. */
const PASSES_MAX = 3;

/** What a walk found is added up in one piece, by one thread: a scan with a budget rests before it, so that both do not fall into the same moment. Units: entries for a millisecond; milliseconds. */
const ENTRIES_PER_REST_MS = 150;
const MERGE_REST_MS_MAX = 2_000;
const restBeforeMerge = ({ found }: WalkedPlaces): number => Math.min(MERGE_REST_MS_MAX, found.reduce((sum, { effort }) => sum + effort.entries, 0) / ENTRIES_PER_REST_MS);

/** How a walk is done. */
export interface WalkOptions {
  /** When the scan began, by the clock of its caller. Units: milliseconds since 1970. */
  readonly nowMs: number;
  readonly readAcls: boolean;
  readonly pace: PaceSettings;
  readonly threads: number;
  /** Storage that does not answer for this long makes its stores unknown. Units: milliseconds. */
  readonly stallMs: number;
  readonly memory: HostMemory | null;
}

const DEFAULTS: Omit<WalkOptions, 'nowMs'> = { readAcls: true, pace: FULL_SPEED, threads: Math.min(THREADS_MAX, availableParallelism()), stallMs: STALL_MS, memory: null };

/** A second thread that only rests costs its own start. */
const coresWithin = ({ cpuPercent }: PaceSettings): number => Math.ceil(cpuPercent / 100);

export interface WalkedHost {
  readonly stores: readonly WalkedStore[];
  readonly effort: WalkEffort;
  /** Rights of the folders that lead to a store and are not its own. */
  chainOf(store: WalkedStore): FolderRights[];
  /** What memory keeps of this walk. */
  readonly forMemory: Pick<MergedWalk, 'memory' | 'elsewhere'>;
}

/** Stores of one profile, walked together: each file belongs to the first store that takes it in. */
export async function walkStores(host: Host, stores: readonly Store[], serviceStartedMs: number | null, options: Partial<WalkOptions> = {}): Promise<WalkedHost> {
  const terms = { ...DEFAULTS, nowMs: Date.now(), ...options };
  const { memory, stallMs, pace, nowMs, readAcls } = terms;
  const threads = Math.min(terms.threads, coresWithin(pace));
  const map = new StoreMap(stores.map(outlineOf));
  const places = outermost(map.stores.flatMap(({ patterns }) => patterns.roots)).map((path): Place => ({ path: path === '/' ? '' : path, names: null, depth: 0 }));
  const doubted = new Set<BytePath>();
  for (let pass = 1; ; pass += 1) {
    const plan: WalkPlan = { rootFd: host.root.fd, rootMount: host.root.mountId, stores: stores.map(outlineOf), serviceStartedMs, nowMs, readAcls, pace, threads, memory: memory?.foldersFor(doubted) ?? null };
    const walked = await walkPlaces(plan, places, { threads, stallMs, givesWay: pace !== FULL_SPEED });
    if (pace !== FULL_SPEED) await rest(restBeforeMerge(walked));
    const merged = mergePlaces(stores, map, plan, walked, stallMs);
    const more = memory === null || !merged.effort.complete || pass === PASSES_MAX ? [] : doubtedFolders(memory, merged).filter((path) => !doubted.has(path));
    if (more.length === 0) return { stores: merged.stores, effort: merged.effort, chainOf: (item) => merged.chainOf(item), forMemory: merged };
    for (const path of more) doubted.add(path);
  }
}
