import { performance } from 'node:perf_hooks';
import type { Receipt } from '@mailwarden/contracts';
import { canonicalJson, sha256, unknown } from '@mailwarden/kernel';
import { engineFor } from './engine-for.js';
import { fittingReceipt } from './fitting-receipt.js';
import { Journal } from './journal/journal.js';
import { forgetNames, pruneJournals } from './journal/old-journals.js';
import { assertNoOtherUnderWay } from './journal/other-orders.js';
import { NOTHING_DONE, receiptOf, refusedReceipt, type OrderFacts, type Outcome } from './outcome.js';
import type { ApplyRequest } from './rotate-request.js';
import { overlapOf, refusalOf } from './safe-root.js';
import { announcingRoots, assertStoreIsThere, hasBegun, whyAway, withoutStore } from './store-away.js';

/** What an order came to, before it is signed. */
interface Done {
  readonly outcome: Outcome;
  readonly after: Receipt['after'];
  readonly samples?: Receipt['samples'];
}

/** One account per order, whatever happens: the journal is asked first and told last. */
export async function accountFor(journalDir: string, order: OrderFacts, now: () => number, work: (journal: Journal) => Promise<Done>): Promise<Receipt> {
  const journal = Journal.open(journalDir, order.id);
  try {
    const content = sha256(canonicalJson(order));
    const opened = journal.records.find((record) => record.kind === 'opened');
    if (opened !== undefined && opened.content !== content) throw new Error(`the order ${order.id} was taken before with other content; nothing was touched`);
    const finished = journal.records.find((record) => record.kind === 'finished');
    if (finished !== undefined) return finished.receipt;
    const { id, server, profile, store, bounds, policy, authority, expiresAt } = order;
    if (opened === undefined) journal.write({ kind: 'opened', content, facts: { id, server, profile, store, bounds, policy: { name: policy.name }, ...(authority === undefined ? {} : { authority }) }, ...(expiresAt === undefined ? {} : { expiresAt }) });
    const startedMs = now();
    const startedMonotonic = performance.now();
    const done = await work(journal);
    const receipt = fittingReceipt({ ...receiptOf(order, done.outcome, { after: done.after, startedMs, finishedMs: now(), monotonicMs: performance.now() - startedMonotonic }), samples: done.samples ?? [] });
    journal.write({ kind: 'finished', receipt });
    forgetNames(journal.folder, journal.name, journal.records);
    pruneJournals(journal.folder, now());
    return receipt;
  } finally {
    journal.close();
  }
}

/**
 * Carries out one order on one store, or finishes what an earlier run of it began, and returns its account.
 * The same order again returns the same account and touches nothing; the same id with other content is an error.
 * Whoever may run beside another process takes the store for himself first.
 * Errors: throws when no account can be given (journal not writable or damaged, product's database away), and `StoreUnderWay` while another order on the store has none: the order then stays open.
 */
export function rotateStore(request: ApplyRequest, order: OrderFacts): Promise<Receipt> {
  const engine = engineFor(request.store);
  return accountFor(request.journalDir, order, request.now, async (journal) => {
    const refusal = refusalOf(request.store) ?? overlapOf(request.store, { hostRoot: request.host.rootPath, journalDir: request.journalDir });
    if (refusal !== null) return settled(request, order, journal, refusal);
    assertStoreIsThere(request, journal);
    if (!hasBegun(journal)) assertNoOtherUnderWay([request.journalDir, ...(request.otherJournals ?? [])], order);
    const outcome = await announcingRoots(request, journal, () => engine.carryOut(request, order, journal));
    const after = await measured(request, journal, outcome);
    request.watch?.('finished');
    return { outcome, after };
  });
}

/** A store that went away meanwhile is not measured: what stands in its place would be taken for what was left. */
async function measured(request: ApplyRequest, journal: Journal, outcome: Outcome): Promise<Receipt['after']> {
  const away = whyAway(request, journal);
  return outcome.after ?? (away === null ? engineFor(request.store).measure(request) : unknown(`${away} any more`));
}

/** Ends an order that does not stand: one that announced nothing is refused, of another what lies half done is brought to its end. Errors: throws `StoreAway`. */
async function settled(request: ApplyRequest, order: OrderFacts, journal: Journal, reason: string): Promise<Done> {
  if (!hasBegun(journal)) return refused(reason);
  const why = whyAway(request, journal);
  const outcome = why === null ? await engineFor(request.store).settle(request, order, journal, reason) : withoutStore(request, journal, { why, reason });
  return { outcome, after: await measured(request, journal, outcome) };
}

const refused = (reason: string): Done => ({ outcome: { ...NOTHING_DONE, outcome: 'refused', reason }, after: unknown('nothing was touched') });

/**
 * Accounts for an order that does not stand here and now: one that was never begun is refused; of one that was, what lies half done is brought to its end first, so that an order that ran out after a crash is still accounted for.
 * `request` is null where the order names a store that this host does not know. Errors: as `rotateStore`.
 */
export function refuseOrder(place: { readonly journalDir: string; readonly now: () => number; readonly request: ApplyRequest | null }, order: OrderFacts, reason: string): Promise<Receipt> {
  return accountFor(place.journalDir, order, place.now, async (journal) => {
    if (!hasBegun(journal)) return refused(reason);
    if (place.request === null) throw new Error(`${reason}, and an earlier run had begun it: bring back the profile that it was made for`);
    return settled(place.request, order, journal, reason);
  });
}

export { refusedReceipt };
