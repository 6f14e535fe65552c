import { join } from 'node:path';
import type { Receipt } from '@mailwarden/contracts';
import { unknown } from '@mailwarden/kernel';
import { keepExactList } from './marks/exact-list.js';
import { MARKED_ITEMS_MAX, writeMarks } from './marks/marks-file.js';
import type { OrderFacts, Outcome } from './outcome.js';
import { previewStore } from './preview-store.js';
import { accountFor } from './rotate-store.js';
import type { ApplyRequest } from './rotate-request.js';
import { refusalOf } from './safe-root.js';
import type { Preview } from './store-engine.js';

/** Where the executor keeps exact lists and marks, below its own state. */
export const plansIn = (stateDir: string): string => join(stateDir, 'plans');
export const marksIn = (stateDir: string): string => join(stateDir, 'marks');

const NOTHING_TOUCHED = unknown('nothing was touched');

const told = (preview: Preview, outcome: Receipt['outcome'], reason: string, notes: readonly string[] = []): Outcome => ({ outcome, reason, before: preview.before, planned: preview.planned, deleted: { items: 0, bytes: 0, skipped: new Map(preview.skipped) }, resumed: false, notes: [...notes, ...(preview.notes ?? [])] });

/**
 * Tells exactly what an order would delete, and deletes nothing. The exact list stays on the host; totals, digest and samples by keyed hash are told.
 * The same order again returns the same account. Errors: as `rotateStore`.
 */
export function foretellStore(request: ApplyRequest, order: OrderFacts, stateDir: string): Promise<Receipt> {
  return accountFor(request.journalDir, order, request.now, async () => {
    const preview = await previewStore(request);
    const { samples, cutAt } = keepExactList(plansIn(stateDir), order.id, preview.list, { hashKey: request.hashKey, nowMs: request.now() });
    const notes = cutAt === null ? [] : [`the exact list on the host was cut after ${cutAt} items`];
    return { outcome: told(preview, 'planned', preview.stopped ?? refusalOf(request.store) ?? '', notes), after: NOTHING_TOUCHED, samples };
  });
}

/**
 * Notes on the host which items an order would delete, so that a later order may delete these and nothing else.
 * Above a bound nothing is marked: what could not be deleted later must not be announced now. Errors: as `rotateStore`.
 */
export function markStore(request: ApplyRequest, order: OrderFacts, stateDir: string): Promise<Receipt> {
  return accountFor(request.journalDir, order, request.now, async () => {
    const refusal = refusalOf(request.store);
    const preview = await previewStore(request);
    const stopped = preview.stopped ?? (preview.planned.items > MARKED_ITEMS_MAX && preview.list !== null ? `${preview.planned.items} items would be marked; the bound is ${MARKED_ITEMS_MAX}` : null);
    if (refusal !== null) return { outcome: told(preview, 'refused', refusal), after: NOTHING_TOUCHED };
    if (stopped !== null) return { outcome: told(preview, 'stopped', stopped), after: NOTHING_TOUCHED };
    if (preview.planned.items === 0) return { outcome: told(preview, 'nothing-to-do', ''), after: NOTHING_TOUCHED };
    writeMarks(marksIn(stateDir), order, { list: preview.list, newestMs: preview.planned.newestMs }, { hashKey: request.hashKey, nowMs: request.now() });
    return { outcome: told(preview, 'marked', ''), after: NOTHING_TOUCHED };
  });
}
