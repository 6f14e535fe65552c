import type { RelationFacts } from '../relation-reader.js';

/** A time that is held, both ends taken in; infinite where it is open. Units: milliseconds since 1970. */
export interface HeldSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Which records may go: those with a moment of their own, before `beforeMs` and outside every span. Units: milliseconds since 1970; infinite where any moment will do. */
export interface TrimChoice {
  readonly beforeMs: number;
  readonly held: readonly HeldSpan[];
}

export interface TrimFacts extends RelationFacts {
  /** Records that have a moment. The others are never chosen. */
  readonly dated: number;
  /** What the records take up now, without what earlier deletions left free; null where that cannot be told. Units: bytes. */
  readonly bytesInUse: number | null;
}

/** The oldest records of a choice, as many as were asked for or as there are. */
export interface OldestRecords {
  readonly items: number;
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
}

/** Why records stay that were to go: another session holds them, another table refers to them, they are no longer what was chosen, or somebody keeps the whole store to himself for the moment. */
export type Stay = 'locked' | 'referenced' | 'changed' | 'busy';

/** The same, by their keys, oldest first. */
export interface ChosenRecords {
  readonly keys: readonly string[];
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
}

/** How one batch ended: all of it is gone, or none of it. `heldMs` is how long the product could have had to wait for it. Units: milliseconds. */
export type Removal =
  | { readonly removed: true; readonly heldMs: number }
  /** `stays` names the records that were in the way; empty where only a smaller batch will show which. */
  | { readonly removed: false; readonly heldMs: number; readonly why: Stay; readonly stays: readonly string[] };

/** How far the copies of a database are behind. */
export interface Replicas {
  /** In words, where one is further behind than a named bound; null where none is. */
  readonly behind: string | null;
  /** True where there are copies and the account, or the server, does not tell how far they are. */
  readonly hidden: boolean;
}

export interface RemoveOptions {
  /** Called when all is ready and nothing is done yet for good, as tests need it. */
  readonly beforeCommit?: () => void;
}

/**
 * The records of one store in a product's own database, from which the oldest are deleted. One port, whatever engine it is; `test/integration/trimmer-conformance.ts` says what every adapter keeps.
 * A record is named by a key, a text that only its adapter reads.
 * Errors: every method throws, in words that tell nothing of a record, when the database gives no answer; whether the batch that it was asked for took effect, `left` tells afterwards.
 */
export interface RecordTrimmer {
  facts(): Promise<TrimFacts>;
  /** How many records there are, and what they take up: no more than an account needs. */
  amount(): Promise<Pick<RelationFacts, 'records' | 'bytes'>>;
  count(choice: TrimChoice): Promise<number>;
  /** The moment at a place from the oldest, from 0, of those that have one; null beyond the last. */
  momentAt(place: number): Promise<number | null>;
  /** What the `itemsMax` oldest of a choice are. */
  oldest(choice: TrimChoice, itemsMax: number): Promise<OldestRecords>;
  /** The same with their keys, without those that are passed over. Holds no lock afterwards. */
  choose(choice: TrimChoice, itemsMax: number, passedOver: ReadonlySet<string>): Promise<ChosenRecords>;
  /**
   * Deletes a batch in one transaction, or nothing of it.
   * Safety: each record is compared with the choice again as it is deleted; one that is no longer of it stays, and with it the batch.
   */
  remove(keys: readonly string[], choice: TrimChoice, options?: RemoveOptions): Promise<Removal>;
  /**
   * How many records of a batch that was announced are still there: all of them where it took no effect. Waits for a batch that a killed process left running.
   * With a choice, only those of it: a key that was written anew since names a younger record. Lists, whose entries have no keys, go by their note alone.
   */
  left(keys: readonly string[], choice?: TrimChoice): Promise<number>;
  /** Every batch is accounted for: what the adapter keeps to tell their effect may go. */
  forget(): Promise<void>;
  replicas(): Promise<Replicas>;
  /** What an administrator must know after a deletion, as how the space comes back. */
  notes(deletedItems: number): Promise<string[]>;
  close(): Promise<void>;
}

/** A row with the name that it gives its file. */
export interface HalfRow {
  readonly key: string;
  readonly file: string;
}

/** The rows of pairs: they leave with their files, or, as orphans, by their keys. */
export interface PairTrimmer extends RecordTrimmer {
  /**
   * Deletes the rows that name one of these files, by their exact names, in one transaction; committed when it resolves.
   * Errors: `RowsStay` when all of them are certainly still there; any other when that cannot be told.
   */
  removeFiles(files: readonly string[]): Promise<void>;
  /** Which of these files have a row, by their exact names. */
  filesWithRows(files: readonly string[]): Promise<Set<string>>;
  /** Which of these files have a row of a held time, or one without a moment, which may be of any. */
  filesHeld(files: readonly string[], held: readonly HeldSpan[]): Promise<Set<string>>;
  /** Names that rows give their files; null above `namesMax` rows. */
  fileNames(namesMax: number): Promise<string[] | null>;
  /** Rows of a choice that name a file, by their keys from behind `after` on, at most `itemsMax`. */
  halves(choice: TrimChoice, after: string | null, itemsMax: number): Promise<HalfRow[]>;
}

/** A batch of the product's own never waits longer for a record of ours than this. Units: milliseconds. */
export const HELD_MS_MAX = 100;
/** How long one batch aims to take. Units: milliseconds. */
export const BATCH_MS_GOAL = 50;
/** How long a batch of ours waits for the product's own locks before it gives way. Units: milliseconds. */
export const LOCK_WAIT_MS_MAX = 50;
/** A replica that is further behind is waited for. Units: bytes of its log, and seconds. */
export const REPLICA_BYTES_MAX = 64 * 1024 * 1024;
export const REPLICA_SECONDS_MAX = 10;
