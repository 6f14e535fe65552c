import { performance } from 'node:perf_hooks';
import { FolderReader } from '@mailwarden/linux';
import { MemoryIndex } from '../memory/memory-index.js';
import { makePace } from '../pace/pace.js';
import { AclReader } from './acl-reader.js';
import { PlaceSum, type PlaceFound } from './place-sum.js';
import { PlaceWalk } from './place-walk.js';
import { StoreMap } from './store-map.js';
import type { Place, WalkPlan } from './walk-plan.js';

/** What one thread needs of those around it. */
export interface ThreadSurroundings {
  /** Says that the thread is alive: called for each entry. */
  readonly beat: () => void;
  readonly isWanted: () => boolean;
  readonly give: (place: Place) => void;
}

/** Walks places for one thread, at its pace. */
export class ThreadScan {
  readonly #map: StoreMap;
  readonly #memory;
  readonly #pace;
  readonly #reader = new FolderReader();
  readonly #acls: AclReader;

  constructor(
    private readonly plan: WalkPlan,
    private readonly surroundings: ThreadSurroundings,
    mayStand: boolean,
  ) {
    this.#map = new StoreMap(plan.stores);
    this.#memory = plan.memory === null ? null : { index: new MemoryIndex(plan.memory.lines), terms: plan.memory };
    this.#pace = makePace(plan.pace, Math.max(1, plan.threads));
    this.#acls = new AclReader(plan.readAcls, mayStand);
  }

  /** Walks one place. Yields how long to rest before it goes on, often 0. Units: milliseconds. */
  *walk(place: Place): Generator<number, PlaceFound, void> {
    const sum = new PlaceSum(this.plan);
    const { beat, isWanted, give } = this.surroundings;
    const kit = { map: this.#map, reader: this.#reader, acls: this.#acls, sum, beat, watchFromMs: this.plan.memory?.watchFromMs ?? Number.POSITIVE_INFINITY };
    const walk = new PlaceWalk(this.plan, kit, this.#memory, { isOver: () => this.#pace.over, isWanted, give });
    let sinceMs = performance.now();
    const stretches = walk.walk(place);
    while (stretches.next().done !== true) {
      const restMs = this.#pace.restAfter(performance.now() - sinceMs);
      sum.effort.pausedMs += restMs;
      yield restMs;
      sinceMs = performance.now();
    }
    return sum.found;
  }
}
