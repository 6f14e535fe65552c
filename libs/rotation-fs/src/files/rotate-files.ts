import { performance } from 'node:perf_hooks';
import type { SkipReason } from '@mailwarden/contracts';
import type { BegunOrder } from '@mailwarden/rotation';
import { carryOutFiles } from './carry-out-files.js';
import type { FileWork } from './file-batch.js';
import type { FoundItem } from './find-items.js';
import type { Begun, Journal, JournalRecord } from '../journal/journal.js';
import { connectOtherHalf, type HalfName, type OtherHalf } from './other-half.js';
import { NOTHING_DONE, type Deleted, type Outcome } from '../outcome.js';
import { planStore, type StorePlan } from './plan-store.js';
import { PrivateFolders } from './private-folders.js';
import type { ApplyRequest } from '../rotate-request.js';
import { nextSlotOf, openBatchOf, settleBatch } from './settle-batch.js';

/** What earlier runs of the order closed. */
export function deletedBefore(records: readonly JournalRecord[]): Deleted {
  const deleted: Deleted = { items: 0, bytes: 0, skipped: new Map<SkipReason, number>() };
  for (const record of records) {
    if (record.kind !== 'deleted' && record.kind !== 'rows-deleted') continue;
    deleted.items += record.kind === 'deleted' ? record.items : record.rows;
    deleted.bytes += record.bytes;
  }
  return deleted;
}

/** What is left of an order that was begun: its own goal, and no more than it had planned. */
export const restOf = (begun: Begun, deleted: Deleted): BegunOrder => ({ ...begun.goal, itemsLeft: Math.max(0, begun.planned.items - deleted.items), newestMs: begun.planned.newestMs, deleted: { items: deleted.items, bytes: deleted.bytes } });

const halfNameOf = ({ root, folder, name }: FoundItem): HalfName => ({ root, path: `${folder === '' ? '' : `${folder}/`}${name}` });

function* halfNamesOf(items: readonly FoundItem[]): Iterable<HalfName> {
  for (const item of items) yield halfNameOf(item);
}

type Said = (outcome: Outcome['outcome'], reason: string) => Outcome;

function saying(begun: Begun | undefined, plan: StorePlan | null, deleted: Deleted, resumed: boolean): Said {
  const first = begun ?? (plan === null ? NOTHING_DONE : { before: plan.plan.before, planned: { ...plan.plan.planned, digest: plan.digest } });
  return (outcome, reason) => ({ outcome, reason, before: first.before, planned: first.planned, deleted, resumed });
}

/** How an order is told that ran to its end. */
function endOf(said: Said, plan: StorePlan, deletedNow: number): Outcome {
  const left = plan.items.length - deletedNow;
  if (plan.items.length > 0 && deletedNow === 0) return said('failed', `none of the ${left} planned files could be taken`);
  if (left > 0) return said('completed', `${left} planned files had changed or could not be taken`);
  return said('completed', plan.plan.staysOver ? 'what may go did not suffice to get under the limit' : '');
}

async function carryOut(request: ApplyRequest, journal: Journal, work: FileWork, startedMonotonicMs: number): Promise<Outcome> {
  const { store, bounds, now } = request;
  const startedMs = now();
  const resumed = journal.begun !== undefined;
  const deleted = deletedBefore(journal.records);
  const settled = await settleBatch(work, openBatchOf(journal.records), deleted);
  if (!settled.ok) return saying(journal.begun, null, deleted, resumed)('failed', `an earlier run was cut short, and ${settled.error}: what it had moved there is not counted as deleted`);
  const plan = await planStore(request, journal.begun === undefined ? undefined : restOf(journal.begun, deleted));
  for (const [reason, count] of plan.skipped) deleted.skipped.set(reason, (deleted.skipped.get(reason) ?? 0) + count);
  const said = saying(journal.begun, plan, deleted, resumed);
  if (plan.unreadable !== null) return said('failed', plan.unreadable);
  if (plan.plan.stopped !== null) return said('stopped', plan.plan.stopped);
  if (plan.items.length === 0) return said(deleted.items > 0 ? 'completed' : 'nothing-to-do', plan.plan.staysOver ? 'nothing that may go would bring the store under its limit' : '');
  if (work.otherHalf !== null && !(await work.otherHalf.isUnderstood(plan.items.map(halfNameOf), () => halfNamesOf(plan.found)))) return said('stopped', `no row of ${store.rows?.relation ?? store.id} names any of these files in a way that is understood; their rows would stay behind`);
  if (journal.begun === undefined) journal.write({ kind: 'begun', before: plan.plan.before, planned: { ...plan.plan.planned, digest: plan.digest }, goal: plan.plan.goal });
  work.watch('folder');
  const prepared = work.folders.prepare([...new Set(plan.items.map((item) => item.root))]);
  if (!prepared.ok) return said('failed', prepared.error);
  const deletedEarlier = deleted.items;
  const stopped = await carryOutFiles(work, plan.items, nextSlotOf(journal.records), deleted, { startedMonotonicMs, startedMs, deadlineSeconds: bounds.deadlineSeconds, now, byAge: plan.plan.goal.olderThanMs !== null, stop: request.stop });
  return stopped === null ? endOf(said, plan, deleted.items - deletedEarlier) : said('stopped', stopped);
}

async function withWork<T>(request: ApplyRequest, order: string, journal: Journal, use: (work: FileWork) => Promise<T>): Promise<T> {
  const relation = request.store.kind === 'pair' ? request.store.rows : null;
  const otherHalf: OtherHalf | null = relation === null ? null : await connectOtherHalf(request.host, relation);
  const folders = new PrivateFolders(request.host, order, journal);
  try {
    const result = await use({ folders, journal, otherHalf, watch: request.watch ?? (() => undefined) });
    folders.close('remove');
    return result;
  } finally {
    folders.close('leave');
    await otherHalf?.close();
  }
}

/** Brings a store of files, generations or pairs back under its limits. Safety: plans first; a plan above a bound deletes nothing. */
export function rotateFiles(request: ApplyRequest, order: string, journal: Journal): Promise<Outcome> {
  const startedMonotonicMs = performance.now();
  return withWork(request, order, journal, (work) => carryOut(request, journal, work, startedMonotonicMs));
}

/** Ends what an earlier run of the order left half done, and begins nothing new. */
export function settleFiles(request: ApplyRequest, order: string, journal: Journal, reason: string): Promise<Outcome> {
  return withWork(request, order, journal, async (work) => {
    const deleted = deletedBefore(journal.records);
    const settled = await settleBatch(work, openBatchOf(journal.records), deleted);
    const said = saying(journal.begun, null, deleted, true);
    return settled.ok ? said('stopped', reason) : said('failed', `${reason}; an earlier run was cut short, and ${settled.error}: what it had moved there is not counted as deleted`);
  });
}
