import { performance } from 'node:perf_hooks';
import type { SkipReason } from '@mailwarden/contracts';
import type { RecordTrimmer, Removal, Stay, TrimChoice } from '@mailwarden/product-database';
import type { Journal, JournalRecord } from '../journal/journal.js';
import type { Deleted } from '../outcome.js';
import { outOfPatience, pauseWithin, type Patience } from '../patience.js';
import { ReplicaWait } from '../replica-wait.js';
import type { ApplyRequest } from '../rotate-request.js';
import { BATCH_RECORDS_FIRST, BATCH_RECORDS_MAX, nextBatch } from './batch-size.js';

/** Keys that are looked for in one go, oldest first. */
export const CHOSEN_MAX = 100_000;
/** Rows that stay because others need them are gone round, up to so many: more of them are a state that a person must look at. */
const PASSED_OVER_MAX = 1_000;
/** How long one waits for whoever keeps the store to himself. Units: milliseconds. */
const WAIT_MS_MAX = 30_000;
const BUSY_PAUSE_MS = 100;
/** How much of a paced second one batch takes at most. Units: seconds. */
const PACED_SECONDS = 0.25;
const MS_PER_SECOND = 1_000;

const SKIPPED: Readonly<Record<Stay, SkipReason>> = { locked: 'open-for-writing', referenced: 'referenced', changed: 'changed-since-plan', busy: 'open-for-writing' };
const STAYED: Readonly<Record<Stay, string>> = { locked: 'another session holds them', referenced: 'another table refers to them', changed: 'they changed meanwhile', busy: 'another process keeps the store to itself' };

export interface Trim {
  readonly trimmer: RecordTrimmer;
  readonly request: ApplyRequest;
  readonly journal: Journal;
  readonly choice: TrimChoice;
  readonly items: number;
  /** The first of them, oldest first, as the plan found them. */
  readonly keys: readonly string[];
  readonly bytesPerRow: number;
  readonly deleted: Deleted;
  readonly patience: Patience;
}

/** How a trimming ended. */
export interface Trimmed {
  /** Why it stopped before the end; null when it did not. */
  readonly stopped: string | null;
  /** What the receipt is to tell beside. */
  readonly notes: readonly string[];
}

/** Deletes the oldest records of a choice in short batches, each announced on disk before it begins. */
class Trimming {
  #batch: number;
  readonly #batchMax: number;
  #queue: string[];
  readonly #passedOver = new Map<string, Stay>();
  readonly #replicas: ReplicaWait;
  /** An account that waits to be written with the next announcement, for one sync of the disk instead of two. */
  #account: JournalRecord[] = [];
  #busySinceMs: number | null = null;

  constructor(private readonly given: Trim) {
    this.#queue = [...given.keys];
    this.#replicas = new ReplicaWait(given.trimmer);
    const { itemsPerSecond } = given.request.pace;
    this.#batchMax = itemsPerSecond === null ? BATCH_RECORDS_MAX : Math.max(1, Math.floor(itemsPerSecond * PACED_SECONDS));
    this.#batch = Math.min(BATCH_RECORDS_FIRST, this.#batchMax);
  }

  async run(): Promise<Trimmed> {
    const stopped = await this.#go();
    this.#settle();
    for (const stay of new Set(this.#passedOver.values())) {
      const count = [...this.#passedOver.values()].filter((why) => why === stay).length;
      this.given.deleted.skipped.set(SKIPPED[stay], (this.given.deleted.skipped.get(SKIPPED[stay]) ?? 0) + count);
    }
    await this.given.trimmer.forget();
    return { stopped, notes: stopped === null ? this.#replicas.notes : [] };
  }

  #settle(): void {
    if (this.#account.length === 0) return;
    this.given.request.watch?.('deleted');
    this.given.journal.write(...this.#account);
    this.#account = [];
  }

  async #go(): Promise<string | null> {
    const { trimmer, choice, patience } = this.given;
    for (let left = this.given.items; left > 0; ) {
      const stopped = outOfPatience(patience) ?? (await this.#replicas.untilNear(patience, () => this.#settle())) ?? this.#tooManyStay();
      if (stopped !== null) return stopped;
      if (this.#queue.length === 0) this.#queue = [...(await trimmer.choose(choice, Math.min(left, CHOSEN_MAX), new Set(this.#passedOver.keys()))).keys];
      if (this.#queue.length === 0) return null;
      const keys = this.#queue.slice(0, Math.min(this.#batch, left));
      const removal = await this.#remove(keys);
      if (removal.removed) left -= this.#count(keys.length, removal.heldMs);
      else {
        const why = await this.#goRound(keys, removal);
        if (why !== null) return why;
      }
      if (removal.removed) await this.#rest(keys.length, removal.heldMs);
    }
    return null;
  }

  #remove(keys: readonly string[]): Promise<Removal> {
    const { request, journal, trimmer, choice, bytesPerRow } = this.given;
    request.watch?.('intent');
    if (this.#account.length > 0) request.watch?.('deleted');
    journal.write(...this.#account, { kind: 'rows-intent', keys, bytesPerRow });
    this.#account = [];
    request.watch?.('rows');
    return trimmer.remove(keys, choice, { beforeCommit: () => request.watch?.('commit') });
  }

  #count(rows: number, heldMs: number): number {
    const { deleted, bytesPerRow } = this.given;
    const bytes = Math.round(rows * bytesPerRow);
    this.#account = [{ kind: 'rows-deleted', rows, bytes }];
    deleted.items += rows;
    deleted.bytes += bytes;
    this.#queue.splice(0, rows);
    this.#batch = nextBatch(this.#batch, heldMs * (this.#batch / rows), this.#batchMax);
    this.#busySinceMs = null;
    return rows;
  }

  /** What is in the way is passed over; where nobody says what it is, smaller batches find out. Returns why there is no going on. */
  async #goRound(keys: readonly string[], removal: Removal & { readonly removed: false }): Promise<string | null> {
    if (removal.why === 'busy' || (removal.why === 'changed' && removal.stays.length === 0)) {
      this.#busySinceMs ??= performance.now();
      if (performance.now() - this.#busySinceMs > WAIT_MS_MAX) return `${STAYED[removal.why]}, and did for ${WAIT_MS_MAX / MS_PER_SECOND} s`;
      this.#queue = removal.why === 'changed' ? [] : this.#queue;
      return this.#pause(BUSY_PAUSE_MS);
    }
    const stays = removal.stays.length > 0 ? removal.stays : keys.length === 1 ? keys : [];
    for (const key of stays) this.#passedOver.set(key, removal.why);
    if (stays.length === 0) this.#batch = Math.max(1, Math.floor(keys.length / 2));
    else this.#queue = this.#queue.filter((key) => !this.#passedOver.has(key));
    return null;
  }

  #tooManyStay(): string | null {
    if (this.#passedOver.size <= PASSED_OVER_MAX) return null;
    const [why] = this.#passedOver.values();
    return `more than ${PASSED_OVER_MAX} of the oldest rows cannot go: ${STAYED[why ?? 'locked']}`;
  }

  /** The order's own pace; where copies are that do not tell how far they are, half of the time is theirs. */
  async #rest(rows: number, heldMs: number): Promise<void> {
    const { itemsPerSecond, bytesPerSecond } = this.given.request.pace;
    const paced = Math.max(itemsPerSecond === null ? 0 : rows / itemsPerSecond, bytesPerSecond === null ? 0 : (rows * this.given.bytesPerRow) / bytesPerSecond) * MS_PER_SECOND;
    const restMs = Math.max(paced - heldMs, this.#replicas.restAfterMs(heldMs));
    if (restMs > 0) await this.#pause(restMs);
  }

  /** Returns null, or why to stop. */
  async #pause(ms: number): Promise<string | null> {
    await pauseWithin(this.given.patience, ms);
    return outOfPatience(this.given.patience);
  }
}

/** Deletes the oldest records of a choice. Errors: throws when the database gives no answer; the order then stays open. */
export const trimOldestOf = (given: Trim): Promise<Trimmed> => new Trimming(given).run();
