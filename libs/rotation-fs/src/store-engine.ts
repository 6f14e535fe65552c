import type { SkipReason } from '@mailwarden/contracts';
import type { BytePath } from '@mailwarden/inventory';
import type { Measured } from '@mailwarden/kernel';
import type { Amount, Goal } from '@mailwarden/rotation';
import type { Journal } from './journal/journal.js';
import type { OrderFacts, Outcome } from './outcome.js';
import type { ApplyRequest, RotateRequest } from './rotate-request.js';

/** What an order on one store would do, whatever kind of store it is. */
export interface Preview {
  readonly before: Outcome['before'];
  readonly planned: Outcome['planned'];
  readonly skipped: ReadonlyMap<SkipReason, number>;
  readonly goal: Goal;
  /** Why nothing may be carried out; null when it may. */
  readonly stopped: string | null;
  /** True when what may go does not suffice to get under the limits. */
  readonly staysOver: boolean;
  /** What a reader must know, as that another program rotates the log. */
  readonly notes?: readonly string[];
  /** Logs that are being written and would be set aside first; then they may go like any generation. */
  readonly setsAside?: number;
  /** The exact items, oldest first; null where they are counted and never named, as rows. `mark` is what a mark notes of an item: it changes with the item. */
  readonly list: Iterable<PlannedItem> | null;
}

export interface PlannedItem {
  readonly path: BytePath;
  readonly bytes: number;
  readonly atMs: number;
  /** What the item was when it was planned, as a text that another item never has. */
  readonly identity: string;
}

/**
 * How one kind of store is brought back under its limits. `test/integration/rotation-conformance.ts` says what every engine keeps.
 * Safety: `preview` and `measure` touch nothing. `carryOut` announces in the journal, on disk, before each effect, and after a crash at any instruction `carryOut` or `settle` accounts for exactly what was done.
 */
export interface StoreEngine {
  /** Errors: throws when the store cannot be read or the product's database is away. */
  preview(request: RotateRequest): Promise<Preview>;
  /** Begins an order, or goes on with what an earlier run of it began. Errors: throws when no account can be given; the order then stays open. */
  carryOut(request: ApplyRequest, order: OrderFacts, journal: Journal): Promise<Outcome>;
  /** Ends what an earlier run left half done, and begins nothing new. `reason` is why it does not go on. Errors: as `carryOut`. */
  settle(request: ApplyRequest, order: OrderFacts, journal: Journal, reason: string): Promise<Outcome>;
  /** What the store holds now. */
  measure(request: RotateRequest): Promise<Measured<Amount>>;
}
