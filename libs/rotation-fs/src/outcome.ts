import type { Receipt, RotationOrder, SkipReason } from '@mailwarden/contracts';
import { instantOf, nearestInstant, unknown } from '@mailwarden/kernel';

const REASON_MAX = 500;

/** What an order's account repeats of the order itself. */
export type OrderFacts = Pick<RotationOrder, 'id' | 'server' | 'profile' | 'store' | 'bounds'> & { readonly policy: { readonly name: string }; readonly purpose?: Receipt['purpose']; readonly authority?: Receipt['authority']; readonly expiresAt?: string };

/** Running total of what went and what was left. */
export interface Deleted {
  items: number;
  bytes: number;
  readonly skipped: Map<SkipReason, number>;
}

/** How a rotation ended, before it is written into a receipt. */
export interface Outcome {
  readonly outcome: Receipt['outcome'];
  readonly reason: string;
  readonly before: { readonly items: number; readonly bytes: number };
  readonly planned: { readonly items: number; readonly bytes: number; readonly oldestMs: number | null; readonly newestMs: number | null; readonly digest: string };
  readonly deleted: Deleted;
  readonly resumed: boolean;
  /** Orphaned halves that left; absent where none were looked for. */
  readonly orphans?: { readonly files: number; readonly rows: number; readonly bytes: number };
  readonly notes?: readonly string[];
  /** Absent where nothing of the store was opened. */
  readonly facts?: Receipt['facts'];
  /** What the store holds afterwards, where the engine has looked already. */
  readonly after?: Receipt['after'];
}

export const NOTHING_DONE: Omit<Outcome, 'outcome' | 'reason'> = { before: { items: 0, bytes: 0 }, planned: { items: 0, bytes: 0, oldestMs: null, newestMs: null, digest: '0'.repeat(64) }, deleted: { items: 0, bytes: 0, skipped: new Map() }, resumed: false };

/** Writes an order's account. Shape: totals only; no name leaves the host. */
export function receiptOf(order: OrderFacts, outcome: Outcome, measured: { after: Receipt['after']; startedMs: number; finishedMs: number; monotonicMs: number }): Receipt {
  const { planned, deleted } = outcome;
  const moment = (ms: number | null): Receipt['planned']['oldestAt'] => (ms === null ? null : nearestInstant(ms));
  return {
    schema: 'mailwarden/receipt/v1',
    order: order.id,
    server: order.server,
    profile: order.profile,
    store: order.store,
    policy: order.policy.name,
    outcome: outcome.outcome,
    reason: outcome.reason.slice(0, REASON_MAX),
    before: outcome.before,
    planned: { items: planned.items, bytes: planned.bytes, oldestAt: moment(planned.oldestMs), newestAt: moment(planned.newestMs), digest: planned.digest as Receipt['planned']['digest'] },
    deleted: { items: deleted.items, bytes: deleted.bytes },
    skipped: [...deleted.skipped].map(([reason, items]) => ({ reason, items })),
    after: measured.after,
    resumed: outcome.resumed,
    bounds: order.bounds,
    startedAt: instantOf(measured.startedMs),
    finishedAt: instantOf(measured.finishedMs),
    clock: { wallMs: measured.finishedMs - measured.startedMs, monotonicMs: Math.round(measured.monotonicMs) },
    authority: order.authority ?? { kind: 'order' },
    purpose: order.purpose ?? 'rotate',
    samples: [],
    ...(outcome.orphans === undefined ? {} : { orphans: outcome.orphans }),
    ...(outcome.facts === undefined ? {} : { facts: outcome.facts }),
    notes: [...(outcome.notes ?? [])],
  };
}

export const refusedReceipt = (order: OrderFacts, reason: string, nowMs: number): Receipt =>
  receiptOf(order, { ...NOTHING_DONE, outcome: 'refused', reason }, { after: unknown('nothing was touched'), startedMs: nowMs, finishedMs: nowMs, monotonicMs: 0 });
