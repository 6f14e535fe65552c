import type { SkipReason } from '@mailwarden/contracts';
import { outermost, type BytePath, type PatternSet } from '@mailwarden/inventory';
import type { Directory } from '@mailwarden/inventory-fs';
import type { FolderReader } from '@mailwarden/linux';
import type { StoreTotals } from '@mailwarden/rotation';
import { storeOwners } from '../folder-owners.js';
import type { RotateRequest } from '../rotate-request.js';
import { CountedOnce } from './counted-once.js';
import { isAfter, ItemWindow, type AgeKey } from './item-window.js';
import { momentOfFile } from './message-moment.js';
import { StoreWalk, UsedUp, type StoreVisitor, type WalkedFolder } from './store-walk.js';
import { UnitJudge, unitPatterns } from './unit-item.js';
import { leftOutPatterns, ownPatterns, whyNotFor, type WhyNot } from './why-not.js';

/** What a store holds, and the oldest of its items one by one. */
export interface Surveyed {
  readonly totals: StoreTotals;
  /** The oldest items after the floor. */
  readonly window: ItemWindow;
  /** Items at or before the floor. */
  readonly below: number;
  /** Entries that are no regular files, or could not be looked at. */
  readonly passedOver: ReadonlyMap<SkipReason, number>;
  /** Why a folder of the store could not be read at all; null when all could, or are not there. */
  readonly unreadable: string | null;
}

export interface SurveyTerms {
  readonly nowMs: number;
  /** Only what comes after this is kept one by one; null for all. */
  readonly floor: AgeKey | null;
  /** Whether items are kept one by one; false where the sums alone are wanted. */
  readonly oneByOne: boolean;
}

class Tally implements StoreVisitor {
  items = 0;
  dated = 0;
  bytes = 0;
  below = 0;
  oldestMs: number | null = null;
  newestMs: number | null = null;
  unreadable: string | null = null;
  readonly window: ItemWindow | null;
  readonly #own: PatternSet;
  readonly #leftOut: PatternSet;
  readonly #whyNot: WhyNot;
  readonly #linked = new CountedOnce();
  readonly #passedOverBy = new Map<SkipReason, number>();
  #unitJudge: UnitJudge | null = null;

  constructor(
    private readonly request: RotateRequest,
    private readonly terms: SurveyTerms,
  ) {
    this.#own = ownPatterns(request);
    this.#leftOut = leftOutPatterns(request);
    this.window = terms.oneByOne ? new ItemWindow(request.itemsAtOnce) : null;
    this.#whyNot = this.window === null ? () => null : whyNotFor(request, terms.nowMs);
  }

  file(folder: WalkedFolder, reader: FolderReader): void {
    const path = (): BytePath => `${folder.path}/${reader.name}`;
    if (!folder.isOwn && !this.#own.matches(path())) return;
    if (folder.mayBeLeftOut && this.#leftOut.matches(path())) return;
    if (this.#linked.isAgain(reader.facts)) return;
    const atMs = momentOfFile(folder, reader, this.request);
    this.#count(atMs, reader.facts.allocated);
    if (this.#isWanted(atMs, reader.facts.ino)) this.window?.add(folder, reader, atMs, this.#whyNot(folder, reader, path));
  }

  *unit(folder: WalkedFolder, name: BytePath, directory: Directory): Generator<void, void, void> {
    const { facts, atMs, reason } = yield* this.#units.look(directory, `${folder.path}/${name}`);
    this.#count(atMs, facts.allocated);
    if (this.#isWanted(atMs, facts.ino)) this.window?.add(folder, { name, facts }, atMs, reason, true);
  }

  #count(atMs: number, bytes: number): void {
    this.items += 1;
    this.bytes += bytes;
    if (Number.isNaN(atMs)) return;
    this.dated += 1;
    this.oldestMs = Math.min(this.oldestMs ?? atMs, atMs);
    this.newestMs = Math.max(this.newestMs ?? atMs, atMs);
  }

  #isWanted(atMs: number, ino: number): boolean {
    if (this.window === null) return false;
    const { floor } = this.terms;
    const isBelow = floor !== null && !isAfter({ atMs, ino }, floor);
    if (isBelow) this.below += 1;
    return !isBelow && !this.window.isBeyond({ atMs, ino });
  }

  /** Made when the first such folder is met: most stores have none. */
  get #units(): UnitJudge {
    this.#unitJudge ??= new UnitJudge(this.request, this.terms.nowMs);
    return this.#unitJudge;
  }

  passedOver(path: BytePath, reason: SkipReason): void {
    const isRoot = this.#own.roots.includes(path);
    // A folder that may not be entered may hold some of the store without being any of it.
    const isOwn = this.#own.matches(path) || (!isRoot && reason === 'permission-denied' && this.#own.mayHold(path));
    if (isOwn && !this.#leftOut.matches(path)) this.#passedOverBy.set(reason, (this.#passedOverBy.get(reason) ?? 0) + 1);
    else if (isRoot) this.unreadable ??= `${this.request.store.id} cannot be read (${reason})`;
  }

  /** Why entries were passed over. Names of files of which nobody can tell whether they were counted are told as well. */
  get passedOverBy(): ReadonlyMap<SkipReason, number> {
    const { untold } = this.#linked;
    return untold === 0 ? this.#passedOverBy : new Map([...this.#passedOverBy, ['hard-linked', (this.#passedOverBy.get('hard-linked') ?? 0) + untold]]);
  }

  *walk(): Generator<void, void, void> {
    const { host, profile, store } = this.request;
    const owners = storeOwners(host, profile, store);
    for (const root of outermost(this.#own.roots)) {
      const failed = yield* new StoreWalk(this.#own, this.#leftOut, this, unitPatterns(this.request), owners).walk(host.root, root);
      if (failed !== null && failed !== 'absent') this.unreadable = `${store.id} cannot be read (${failed})`;
    }
  }
}

/** Looks at all files of one store; touches nothing. It stops now and then, so that others come in between. */
export function* survey(request: RotateRequest, terms: SurveyTerms): Generator<void, Surveyed, void> {
  const tally = new Tally(request, terms);
  try {
    yield* tally.walk();
  } catch (cause) {
    if (!(cause instanceof UsedUp)) throw cause;
    tally.unreadable = `${request.store.id} cannot be read (${cause.message})`;
  }
  const { items, dated, bytes, oldestMs, newestMs, below, passedOverBy, unreadable } = tally;
  return { totals: { items, dated, bytes, oldestMs, newestMs }, window: tally.window ?? new ItemWindow(0), below, passedOver: passedOverBy, unreadable };
}
