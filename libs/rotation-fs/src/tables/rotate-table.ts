import { performance } from 'node:perf_hooks';
import type { Relation } from '@mailwarden/catalogue';
import { connectProduct, keysLeft, trimOldest, type ProductClient } from '@mailwarden/product-database';
import { outOfPatience, type Patience } from '../patience.js';
import type { Journal, JournalRecord } from '../journal/journal.js';
import { NOTHING_DONE, type Deleted, type Outcome } from '../outcome.js';
import { planTable, type TablePlan } from './plan-table.js';
import { deletedBefore, restOf } from '../files/rotate-files.js';
import type { ApplyRequest } from '../rotate-request.js';

type RowsIntent = Extract<JournalRecord, { kind: 'rows-intent' }>;

/** Batch of rows that a crash left open. */
function openRows(records: readonly JournalRecord[]): RowsIntent | null {
  const last = records.findLast((record) => record.kind === 'rows-intent' || record.kind === 'rows-deleted');
  return last?.kind === 'rows-intent' ? last : null;
}

/** One transaction deleted all rows of the batch or none: whether any of them is left tells which. */
async function settleRows(client: ProductClient, relation: Relation, journal: Journal): Promise<void> {
  const open = openRows(journal.records);
  if (open === null) return;
  const rows = (await keysLeft(client, relation, open.keys)) === 0 ? open.keys.length : 0;
  journal.write({ kind: 'rows-deleted', rows, bytes: Math.round(rows * open.bytesPerRow) });
}

async function withProduct<T>(request: ApplyRequest, relation: Relation, use: (client: ProductClient) => Promise<T>): Promise<T> {
  const client = await connectProduct(relation.database, request.host.settings, request.host.rootPath);
  if (!client.ok) throw new Error(client.error);
  try {
    return await use(client.value);
  } finally {
    await client.value.end();
  }
}

/** Trims a table to its low watermark, oldest first, in short transactions. */
export function rotateTable(request: ApplyRequest, relation: Relation, journal: Journal): Promise<Outcome> {
  const startedMonotonicMs = performance.now();
  const startedMs = request.now();
  return withProduct(request, relation, async (client) => {
    await settleRows(client, relation, journal);
    const deleted = deletedBefore(journal.records);
    const { begun } = journal;
    const plan = await planTable(client, relation, request, begun === undefined ? undefined : restOf(begun, deleted));
    if (plan.kept !== null) deleted.skipped.set(plan.kept.reason, plan.kept.items);
    const first = begun ?? { kind: 'begun' as const, before: plan.before, planned: plan.planned, goal: plan.goal };
    const said = (outcome: Outcome['outcome'], reason: string): Outcome => ({ outcome, reason, before: first.before, planned: first.planned, deleted, resumed: begun !== undefined });
    if (plan.stopped !== null) return said('stopped', plan.stopped);
    if (plan.planned.items === 0) return said(deleted.items > 0 ? 'completed' : 'nothing-to-do', plan.kept === null ? '' : 'nothing that may go would bring the store under its limit');
    if (begun === undefined) journal.write(first);
    const stopped = await trim(client, relation, { request, journal, plan, deleted, patience: { startedMonotonicMs, startedMs, deadlineSeconds: request.bounds.deadlineSeconds, now: request.now, byAge: plan.goal.olderThanMs !== null, stop: request.stop } });
    return stopped === null ? said('completed', plan.kept === null ? '' : 'what may go did not suffice to get under the limit') : said('stopped', stopped);
  });
}

/** Says how a batch of rows ended that an earlier run left open, and begins nothing new. */
export function settleTable(request: ApplyRequest, relation: Relation, journal: Journal, reason: string): Promise<Outcome> {
  return withProduct(request, relation, async (client) => {
    await settleRows(client, relation, journal);
    const first = journal.begun ?? NOTHING_DONE;
    return { outcome: 'stopped', reason, before: first.before, planned: first.planned, deleted: deletedBefore(journal.records), resumed: true };
  });
}

interface Trim {
  readonly request: ApplyRequest;
  readonly journal: Journal;
  readonly plan: TablePlan;
  readonly deleted: Deleted;
  readonly patience: Patience;
}

/** Returns why it stopped before the end; null when it did not. */
async function trim(client: ProductClient, relation: Relation, { request, journal, plan, deleted, patience }: Trim): Promise<string | null> {
  const bytesPerRow = plan.planned.bytes / plan.planned.items;
  for (let left = plan.planned.items; left > 0; ) {
    const stopped = outOfPatience(patience);
    if (stopped !== null) return stopped;
    request.watch?.('intent');
    const rows = await trimOldest(
      client,
      relation,
      left,
      plan.keptFrom,
      (keys) => {
        journal.write({ kind: 'rows-intent', keys, bytesPerRow });
        request.watch?.('rows');
      },
      () => request.watch?.('commit'),
    );
    if (rows === 0) return null; // Another transaction holds the rest; the next order finds it.
    request.watch?.('deleted');
    const bytes = Math.round(rows * bytesPerRow);
    journal.write({ kind: 'rows-deleted', rows, bytes });
    deleted.items += rows;
    deleted.bytes += bytes;
    left -= rows;
  }
  return null;
}
