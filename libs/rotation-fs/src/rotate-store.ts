import { performance } from 'node:perf_hooks';
import type { Receipt, RotationOrder } from '@mailwarden/contracts';
import { instantOf, known, unknown, type Measured } from '@mailwarden/kernel';
import { connectProduct, measureRelation } from '@mailwarden/product-database';
import { findItems } from './find-items.js';
import { Journal } from './journal.js';
import type { Outcome } from './outcome.js';
import { rotateFiles } from './rotate-files.js';
import type { ApplyRequest } from './rotate-request.js';
import { rotateTable } from './rotate-table.js';
import { refusalOf } from './safe-root.js';

const REASON_MAX = 500;
const NOTHING: Omit<Outcome, 'outcome' | 'reason'> = { before: { items: 0, bytes: 0 }, planned: { items: 0, bytes: 0, oldestMs: null, newestMs: null, digest: '0'.repeat(64) }, deleted: { items: 0, bytes: 0, skipped: new Map() }, resumed: false };

type OrderFacts = Pick<RotationOrder, 'id' | 'server' | 'profile' | 'store' | 'bounds'> & { readonly policy: { readonly name: string } };

async function after({ host, store, profile, now }: ApplyRequest): Promise<Measured<{ items: number; bytes: number }>> {
  if (store.kind === 'table' && store.rows !== null) {
    const client = await connectProduct(store.rows.database, host.settings, host.rootPath);
    if (!client.ok) return unknown(client.error);
    try {
      const { records, bytes } = await measureRelation(client.value, store.rows);
      return known({ items: records, bytes });
    } catch {
      return unknown('the table could not be counted afterwards');
    } finally {
      await client.value.end();
    }
  }
  const others = profile.stores.slice(0, profile.stores.findIndex((candidate) => candidate.id === store.id));
  const { items } = await findItems(host, store, others, now());
  return known({ items: items.length, bytes: items.reduce((sum, item) => sum + item.bytes, 0) });
}

async function outcomeOf(request: ApplyRequest, journal: Journal): Promise<Outcome> {
  const { store } = request;
  const refusal = refusalOf(store);
  if (refusal !== null) return { ...NOTHING, outcome: 'refused', reason: refusal };
  return store.kind === 'table' && store.rows !== null ? rotateTable(request, store.rows, journal) : rotateFiles(request, journal);
}

/** Writes an order's account. Shape: totals only; no name leaves the host. */
export function receiptOf(order: OrderFacts, outcome: Outcome, measured: { after: Receipt['after']; startedMs: number; finishedMs: number; monotonicMs: number }): Receipt {
  const { planned, deleted } = outcome;
  const moment = (ms: number | null): Receipt['planned']['oldestAt'] => (ms === null ? null : instantOf(Math.round(ms)));
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
  };
}

export const refusedReceipt = (order: OrderFacts, reason: string, nowMs: number): Receipt =>
  receiptOf(order, { ...NOTHING, outcome: 'refused', reason }, { after: unknown('nothing was touched'), startedMs: nowMs, finishedMs: nowMs, monotonicMs: 0 });

/**
 * Carries out one order on one store, or finishes what an earlier run of it began, and returns its account.
 * The same order again returns the same account and touches nothing. Errors: throws when no account can be given (journal not writable, product's database away): the order then stays open.
 */
export async function rotateStore(request: ApplyRequest, order: OrderFacts): Promise<Receipt> {
  const journal = Journal.open(request.journalDir, request.order);
  try {
    const finished = journal.records.find((record) => record.kind === 'finished');
    if (finished !== undefined) return finished.receipt as Receipt;
    const startedMs = request.now();
    const startedMonotonic = performance.now();
    const outcome = await outcomeOf(request, journal);
    const receipt = receiptOf(order, outcome, { after: await after(request), startedMs, finishedMs: request.now(), monotonicMs: performance.now() - startedMonotonic });
    journal.write({ kind: 'finished', receipt });
    return receipt;
  } finally {
    journal.close();
  }
}
