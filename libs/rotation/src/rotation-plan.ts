import type { Bounds, LimitKind, SkipReason, Watermark } from '@mailwarden/contracts';

/** Items of one store as columns, since a store may hold millions. Shape: all columns have `count` rows. */
export interface ItemColumns {
  readonly count: number;
  /** Units: bytes allocated, since those are what a deletion frees. */
  readonly bytes: Float64Array;
  /** By the order's clock. Units: milliseconds since 1970; NaN where the item has no such moment. */
  readonly atMs: Float64Array;
  /** Why an item may not go, seen before planning: 0 for "it may", else one more than the index in `SKIP_REASONS`. */
  readonly barred: Uint8Array;
}

/** A stretch of time whose items stay, both ends taken in; null means "open". */
export interface HeldSpan {
  readonly fromMs: number | null;
  readonly untilMs: number | null;
}

export interface PlanRequest {
  readonly items: ItemColumns;
  readonly watermarks: readonly Watermark[];
  readonly keep: { readonly newest: number; readonly youngerThanSeconds: number };
  readonly bounds: Pick<Bounds, 'items' | 'bytes' | 'percent'>;
  readonly holds: readonly HeldSpan[];
  readonly nowMs: number;
  /** When the control plane made the order, by its own clock: what the host's clock is compared with. */
  readonly issuedAtMs: number;
  /** Limits that an earlier, cut-short run of the order found exceeded: they are brought to their targets whatever is left. */
  readonly unfinished?: { readonly kinds: readonly LimitKind[]; readonly itemsMax: number } | undefined;
}

export interface Amount {
  readonly items: number;
  readonly bytes: number;
}

export type Skips = Partial<Record<SkipReason, number>>;

/** What an order would do to a store. `selected` are rows of the columns, oldest first. */
export interface RotationPlan {
  readonly outcome: 'delete' | 'nothing-to-do' | 'stopped';
  /** Why it stopped; empty otherwise. */
  readonly reason: string;
  readonly before: Amount;
  readonly exceeded: readonly LimitKind[];
  readonly selected: Uint32Array;
  readonly planned: Amount & { readonly oldestMs: number | null; readonly newestMs: number | null };
  readonly skipped: Skips;
}
