import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import type { Worker } from 'node:worker_threads';
import { setImmediate as turn, setTimeout as rest } from 'node:timers/promises';
import type { PlaceFound } from './place-sum.js';
import { startThread } from './start-thread.js';
import type { FromThread, ToThread } from './thread-messages.js';
import { ThreadScan } from './thread-scan.js';
import { abandon, isUnanswered } from './unanswering.js';
import type { Place, WalkPlan } from './walk-plan.js';

/** Storage that does not answer for this long is given up for this scan. Units: milliseconds. */
export const STALL_MS = 30_000;
/** Threads that are given up in one scan; then what is left is not looked at. */
const GIVEN_UP_MAX = 3;
/** How often threads are looked after in the time of a stall. */
const LOOKS_PER_STALL = 10;
/** A walk that is done sooner, the first thread's own start included, is done before another thread has started: it would only be waited for. Units: milliseconds. */
const ANOTHER_THREAD_MS = 120;
/** Without threads the process is held no longer than this at a time. Units: milliseconds. */
const TURN_MS = 20;

export interface WalkedPlaces {
  readonly found: readonly PlaceFound[];
  /** Places that did not answer. */
  readonly unanswered: readonly Place[];
}

export interface WalkTerms {
  /** Threads that walk at the same time; 0 for none but the one that asks, where so little is to be walked that a thread costs more. */
  readonly threads: number;
  /** Whether threads give way to all others, for processor and disk. */
  readonly givesWay: boolean;
  /** Units: milliseconds. */
  readonly stallMs: number;
}

/** Walks places and what they are split into. Errors: throws when a thread fails in a way that nobody foresaw. */
export const walkPlaces = (plan: WalkPlan, places: readonly Place[], terms: WalkTerms): Promise<WalkedPlaces> => (terms.threads === 0 ? walkHere(plan, places) : new ThreadedWalk(plan, places, terms).done);

/** Walks in the thread that asks, with turns for others. */
async function walkHere(plan: WalkPlan, places: readonly Place[]): Promise<WalkedPlaces> {
  const left = [...places];
  const found: PlaceFound[] = [];
  const scan = new ThreadScan(plan, { beat: () => undefined, isWanted: () => false, give: (place) => void left.push(place) }, false);
  let turnBeganMs = performance.now();
  for (let place = left.shift(); place !== undefined; place = left.shift()) {
    const walk = scan.walk(place);
    let stretch = walk.next();
    while (stretch.done !== true) {
      if (stretch.value > 0) await rest(stretch.value);
      else if (performance.now() - turnBeganMs > TURN_MS) await turn();
      if (stretch.value > 0 || performance.now() - turnBeganMs > TURN_MS) turnBeganMs = performance.now();
      stretch = walk.next();
    }
    found.push(stretch.value);
  }
  return { found, unanswered: [] };
}

const say = (port: Worker, message: ToThread): void => port.postMessage(message);

interface RunningThread {
  readonly thread: Worker;
  readonly beat: Int32Array;
  place: Place | null;
  /** Whether it was ever given a place: one that was not has opened nothing. */
  hasWorked: boolean;
  lastBeat: number;
  /** Looks since the thread was last seen to move. */
  still: number;
}

/** Shares places out to threads, looks after them, and gives up those that wait for storage that does not answer. */
class ThreadedWalk {
  readonly done: Promise<WalkedPlaces>;
  readonly #left: Place[] = [];
  readonly #running = new Set<RunningThread>();
  readonly #found: PlaceFound[] = [];
  readonly #unanswered: Place[] = [];
  readonly #wanted = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  readonly #hungry = new Int32Array(this.#wanted);
  readonly #watch: NodeJS.Timeout;
  readonly #another: NodeJS.Timeout;
  /** So many threads may run by now. */
  #threads = 1;
  #givenUp = 0;
  #finish: (walked: WalkedPlaces) => void = () => undefined;
  #fail: (cause: Error) => void = () => undefined;

  constructor(
    private readonly plan: WalkPlan,
    places: readonly Place[],
    private readonly terms: WalkTerms,
  ) {
    this.done = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.#watch = setInterval(() => this.#lookAfter(), terms.stallMs / LOOKS_PER_STALL);
    this.#another = setTimeout(() => {
      this.#threads = this.terms.threads;
      this.#shareOut();
    }, ANOTHER_THREAD_MS);
    for (const place of places) this.#add(place);
    this.#shareOut();
  }

  #add(place: Place): void {
    const isWaitedFor = placesOf(place).some(isUnanswered);
    (isWaitedFor ? this.#unanswered : this.#left).push(place);
  }

  /** Gives each thread without work something to do, and starts one where that helps. */
  #shareOut(): void {
    while (this.#left.length > 0) {
      const idle = [...this.#running].find(({ place }) => place === null) ?? (this.#running.size < this.#threads ? this.#start() : undefined);
      const place = this.#left[0];
      if (idle === undefined || place === undefined) break;
      this.#left.shift();
      idle.place = place;
      idle.hasWorked = true;
      idle.still = 0;
      say(idle.thread, { kind: 'walk', place });
    }
    const busy = [...this.#running].filter(({ place }) => place !== null).length;
    Atomics.store(this.#hungry, 0, busy === 0 ? 0 : Math.max(0, this.#threads - busy - this.#left.length));
    if (busy === 0 && this.#left.length === 0) void this.#end();
  }

  #start(): RunningThread {
    const beats = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
    const thread = startThread({ plan: this.plan, beats, wanted: this.#wanted, givesWay: this.terms.givesWay });
    const running: RunningThread = { thread, beat: new Int32Array(beats), place: null, hasWorked: false, lastBeat: 0, still: 0 };
    this.#running.add(running);
    thread.on('message', (message: FromThread) => this.#hear(running, message));
    thread.once('error', (cause: Error) => this.#failed(cause));
    return running;
  }

  #hear(running: RunningThread, message: FromThread): void {
    if (message.kind === 'give') this.#add(message.place);
    else {
      running.place = null;
      this.#found.push(message.found);
    }
    this.#shareOut();
  }

  #lookAfter(): void {
    for (const running of this.#running) {
      const beat = Atomics.load(running.beat, 0);
      running.still = running.place === null || beat !== running.lastBeat ? 0 : running.still + 1;
      running.lastBeat = beat;
      if (running.still >= LOOKS_PER_STALL) this.#giveUp(running);
    }
  }

  #giveUp(running: RunningThread): void {
    this.#running.delete(running);
    this.#givenUp += 1;
    if (running.place !== null) {
      this.#unanswered.push(running.place);
      Atomics.store(running.beat, 1, 1);
      abandon(running.thread, placesOf(running.place));
    }
    if (this.#givenUp >= GIVEN_UP_MAX) this.#unanswered.push(...this.#left.splice(0));
    this.#shareOut();
  }

  #failed(cause: Error): void {
    clearInterval(this.#watch);
    clearTimeout(this.#another);
    for (const { thread } of this.#running) void thread.terminate();
    this.#running.clear();
    this.#fail(cause);
  }

  async #end(): Promise<void> {
    clearInterval(this.#watch);
    clearTimeout(this.#another);
    const running = [...this.#running];
    this.#running.clear();
    const ended = running.filter(({ hasWorked }) => hasWorked).map(({ thread }) => once(thread, 'exit'));
    for (const { thread, hasWorked } of running) {
      if (hasWorked) say(thread, { kind: 'end' });
      else void thread.terminate(); // It may still be starting: nobody waits for that.
    }
    await Promise.all(ended);
    this.#finish({ found: this.#found, unanswered: this.#unanswered });
  }
}

/** Folders that a place is about. */
const placesOf = ({ path, names }: Place): string[] => (names === null ? [path] : names.map((name) => `${path}/${name}`));
