import type { Profile, Store } from '@mailwarden/catalogue';
import type { FullOrder } from '@mailwarden/contracts';
import type { Host } from '@mailwarden/inventory-fs';

/** What an order says about how far and how a store may be emptied. */
export type OrderTerms = Pick<FullOrder, 'watermarks' | 'clock' | 'keep' | 'bounds' | 'holds' | 'exclude' | 'overwrite' | 'orphans' | 'pace'>;

/** The items that an earlier order marked, and no other may go. */
export interface MarkedItems {
  /** By the `identity` of the item as it was planned. */
  has(path: string, identity: string): boolean;
  /** For stores whose items are counted and never named: the moment of the newest marked one. Units: milliseconds since 1970. */
  readonly newestMs: number | null;
}

/** What one store is to be brought to, and by whose word. */
export interface RotateRequest extends OrderTerms {
  readonly host: Host;
  /** With its variables filled in on this host. */
  readonly profile: Profile;
  readonly store: Store;
  /** Null where nothing had to be marked first. */
  readonly marked: MarkedItems | null;
  /** When the order was made, by the clock of whoever made it. Units: milliseconds since 1970. */
  readonly issuedAtMs: number;
  /** Key of the digest over the exact list. */
  readonly hashKey: Uint8Array;
  /** The clock on the wall. */
  readonly now: () => number;
  /** Aborted, with a reason in words, when the order is to end between two effects; null where nobody can. */
  readonly stop: AbortSignal | null;
  /** How many items of a store are known one by one at a time; absent for as many as fit into little memory. */
  readonly itemsAtOnce?: number;
}

/** Called before each step, for tests that end the process there. */
export type StepWatch = (step: 'folder' | 'intent' | 'taken' | 'moved' | 'returning' | 'rows' | 'unlink' | 'unlinked' | 'deleted' | 'commit' | 'log-renaming' | 'log-renamed' | 'log-made' | 'log-told' | 'log-copying' | 'log-copied' | 'log-emptying' | 'log-blanked' | 'log-cut' | 'lines-chosen' | 'lines-blanked' | 'lines-cut' | 'lines-written' | 'lines-swapped' | 'lines-carried' | 'lines-returning' | 'lines-returned' | 'lines-done' | 'leaving' | 'finished') => void;

export interface ApplyRequest extends RotateRequest {
  readonly journalDir: string;
  /** Where others on this host keep the journals of their orders: none begins while one of them on the same store has no account. */
  readonly otherJournals?: readonly string[];
  readonly watch?: StepWatch;
}
