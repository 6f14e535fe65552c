import type { Bounds, Hold, SkipReason, Watermark } from '@mailwarden/contracts';
import type { Amount } from './bounds.js';
import type { Goal, Room } from './excess.js';

/** An order that an earlier run began: it goes on with what it had planned, and takes nothing that came later. */
export interface BegunOrder extends Goal {
  readonly itemsLeft: number;
  readonly newestMs: number | null;
  /** What earlier runs deleted: bounds count it too. */
  readonly deleted: Amount;
}

export interface RotationRules {
  readonly watermarks: readonly Watermark[];
  readonly keep: { readonly newest: number; readonly youngerThanSeconds: number };
  readonly bounds: Bounds;
  readonly holds: readonly Hold[];
  readonly nowMs: number;
  /** When the order was made, by the clock of whoever made it. */
  readonly issuedAtMs: number;
  /** The file system of the store, where a floor of free space is among the limits. */
  readonly room?: Room | null;
  readonly begun?: BegunOrder;
}

/** The exact items that go, oldest first. A plan that is stopped must not be carried out, not even in part. */
export interface RotationPlan {
  readonly before: Amount;
  /** Places in the columns. */
  readonly selected: readonly number[];
  readonly planned: Amount & { readonly oldestMs: number | null; readonly newestMs: number | null };
  readonly skipped: ReadonlyMap<SkipReason, number>;
  readonly goal: Goal;
  /** Bound that was passed, watermark that makes no sense or clock that cannot be believed, in words; null when all is well. */
  readonly stopped: string | null;
  /** True when what may go does not suffice to get under the limits. */
  readonly staysOver: boolean;
}
