import type { SkipReason, Watermark } from '@mailwarden/contracts';
import { compilePatterns } from '@mailwarden/inventory';
import { connectProduct, deleteRowsByFile } from '@mailwarden/product-database';
import { carryOutFiles, resumeFiles, type Deleted, type FileWork, type OtherHalf } from './carry-out-files.js';
import { Journal, type JournalRecord } from './journal.js';
import { planStore } from './plan-store.js';
import type { ApplyRequest } from './rotate-request.js';
import type { Outcome } from './outcome.js';

async function otherHalfOf({ store, host }: ApplyRequest): Promise<{ half: OtherHalf | null; close(): Promise<void> }> {
  const relation = store.kind === 'pair' ? store.rows : null;
  if (relation === null) return { half: null, close: () => Promise.resolve() };
  const client = await connectProduct(relation.database, host.settings, host.rootPath);
  if (!client.ok) throw new Error(`the rows of ${store.id} cannot leave with their files: ${client.error}`);
  return { half: { remove: (files) => deleteRowsByFile(client.value, relation, files) }, close: () => client.value.end() };
}

/** An order that was begun goes on to its target, also when what it deleted so far already suffices for the limit. */
export const toTheEnd = (watermarks: readonly Watermark[]): Watermark[] => watermarks.map((watermark) => ({ ...watermark, limit: watermark.target }));

/** What earlier runs of the order closed. */
export function deletedBefore(records: readonly JournalRecord[]): Deleted {
  const deleted: Deleted = { items: 0, bytes: 0, skipped: new Map<SkipReason, number>() };
  for (const record of records) {
    if (record.kind === 'deleted') {
      deleted.items += record.items;
      deleted.bytes += record.bytes;
    } else if (record.kind === 'rows-deleted') {
      deleted.items += record.rows;
      deleted.bytes += record.bytes;
    }
  }
  return deleted;
}

/** Brings a store of files, generations or pairs back under its limits. Safety: plans first; a plan above a bound deletes nothing. */
export async function rotateFiles(request: ApplyRequest, journal: Journal): Promise<Outcome> {
  const [storeRoot] = compilePatterns(request.store.files).roots;
  if (storeRoot === undefined) throw new Error(`${request.store.id} names no folder`);
  const startedMs = request.now();
  const deleted = deletedBefore(journal.records);
  const other = await otherHalfOf(request);
  const work: FileWork = { host: request.host, order: request.order, storeRoot, journal, otherHalf: other.half, deadlineMs: startedMs + request.bounds.deadlineSeconds * 1000, now: request.now, watch: request.watch ?? (() => undefined) };
  try {
    const slot = await resumeFiles(work, deleted);
    const begun = journal.records.find((record) => record.kind === 'begun');
    const planned = await planStore(begun === undefined ? request : { ...request, watermarks: toTheEnd(request.watermarks) }, deleted.items > 0 ? deleted : undefined);
    const first = begun ?? { kind: 'begun' as const, before: planned.plan.before, planned: { ...planned.plan.planned, digest: planned.digest }, startedMs };
    for (const [reason, count] of planned.skipped) deleted.skipped.set(reason, (deleted.skipped.get(reason) ?? 0) + count);
    const said = (outcome: Outcome['outcome'], reason: string): Outcome => ({ outcome, reason, before: first.before, planned: first.planned, deleted, resumed: begun !== undefined });
    if (planned.plan.stopped !== null) return said('stopped', planned.plan.stopped);
    if (planned.items.length === 0) return said(deleted.items > 0 ? 'completed' : 'nothing-to-do', planned.plan.staysOver ? 'nothing that may go would bring the store under its limit' : '');
    if (begun === undefined) journal.write(first);
    const inTime = await carryOutFiles(work, planned.items, slot, deleted);
    return inTime ? said('completed', planned.plan.staysOver ? 'what may go did not suffice to get under the limit' : '') : said('stopped', `the time of ${request.bounds.deadlineSeconds} s ran out`);
  } finally {
    await other.close();
  }
}
