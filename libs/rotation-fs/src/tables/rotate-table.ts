import { release } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { RecordTrimmer } from '@mailwarden/product-database';
import { known, unknown, type Measured } from '@mailwarden/kernel';
import type { Amount, BegunOrder } from '@mailwarden/rotation';
import type { Begun, Journal, JournalRecord } from '../journal/journal.js';
import { NOTHING_DONE, type Deleted, type OrderFacts, type Outcome } from '../outcome.js';
import type { ApplyRequest } from '../rotate-request.js';
import { withRecords } from './open-records.js';
import { planTable, type TablePlan } from './plan-table.js';
import { trimOldestOf } from './trim-oldest.js';

type RowsIntent = Extract<JournalRecord, { kind: 'rows-intent' }>;

/** Batch of rows that a crash left open. */
function openRows(records: readonly JournalRecord[]): RowsIntent | null {
  const last = records.findLast((record) => record.kind === 'rows-intent' || record.kind === 'rows-deleted');
  return last?.kind === 'rows-intent' ? last : null;
}

/** A row's moment may be finer than a millisecond. Units: milliseconds. */
const WITHIN_MS = 1;

/** One transaction deleted all rows of the batch or none: whether any of them is left tells which. Where only some are, those that are younger than any that was planned were written anew, and count as gone. */
async function goneOf(trimmer: RecordTrimmer, { begun }: Journal, { keys }: RowsIntent): Promise<{ readonly rows: number; readonly notes: readonly string[] }> {
  const left = await trimmer.left(keys);
  if (left === 0 || left >= keys.length) return { rows: left === 0 ? keys.length : 0, notes: [] };
  const newestMs = begun?.planned.newestMs ?? null;
  const rows = keys.length - (newestMs === null ? left : await trimmer.left(keys, { beforeMs: newestMs + WITHIN_MS, held: [] }));
  return { rows, notes: [`of a batch of ${keys.length} rows that was cut short, ${left} have their keys in the table: ${rows} are counted as deleted, those that are gone, and those whose key was written anew with a later moment`] };
}

/** Says how a batch ended that a crash left open. Returns what the receipt is to tell of it. */
async function settleRows(trimmer: RecordTrimmer, journal: Journal): Promise<readonly string[]> {
  const open = openRows(journal.records);
  if (open === null) return [];
  const { rows, notes } = await goneOf(trimmer, journal, open);
  journal.write({ kind: 'rows-deleted', rows, bytes: Math.round(rows * open.bytesPerRow) });
  await trimmer.forget();
  return notes;
}

/** What earlier runs of the order closed. */
function rowsDeleted(records: readonly JournalRecord[]): Deleted {
  const deleted: Deleted = { items: 0, bytes: 0, skipped: new Map() };
  for (const record of records) {
    if (record.kind !== 'rows-deleted') continue;
    deleted.items += record.rows;
    deleted.bytes += record.bytes;
  }
  return deleted;
}

/** What is left of an order that was begun: its own goal, and no more than it had planned. */
const restOf = ({ goal, planned }: Begun, { items, bytes }: Deleted): BegunOrder => ({ ...goal, itemsLeft: Math.max(0, planned.items - items), newestMs: planned.newestMs, deleted: { items, bytes } });

const FACTS = (): NonNullable<Outcome['facts']> => ({ kernel: release(), fileSystems: [], tool: null });

function endOf(plan: TablePlan, deletedNow: number): string {
  const left = plan.planned.items - deletedNow;
  if (left > 0) return `${left} planned rows stayed: they are in use, referred to, or changed since`;
  return plan.staysOver ? 'what may go did not suffice to get under the limit' : '';
}

/** What the store holds now. */
export async function amountOf(trimmer: RecordTrimmer): Promise<Measured<Amount>> {
  try {
    const { records, bytes } = await trimmer.amount();
    return bytes.known ? known({ items: records, bytes: bytes.value }) : known({ items: records, bytes: 0 }, `bytes are not known: ${bytes.reason}`);
  } catch {
    return unknown('the table could not be counted afterwards');
  }
}

/** Trims a table, or lists, to the low watermark, oldest first, in short transactions. */
export function rotateTable(request: ApplyRequest, order: OrderFacts, journal: Journal): Promise<Outcome> {
  const startedMonotonicMs = performance.now();
  const startedMs = request.now();
  return withRecords(request, async (trimmer) => {
    const settled = await settleRows(trimmer, journal);
    const deleted = rowsDeleted(journal.records);
    const { begun } = journal;
    const plan = await planTable(trimmer, request, begun === undefined ? undefined : restOf(begun, deleted));
    for (const [reason, items] of plan.skipped) deleted.skipped.set(reason, items);
    const first = begun ?? { kind: 'begun' as const, before: plan.before, planned: plan.planned, goal: plan.goal };
    const said = (outcome: Outcome['outcome'], reason: string, notes: readonly string[] = plan.notes): Outcome => ({ outcome, reason, before: first.before, planned: first.planned, deleted, resumed: begun !== undefined, notes: [...settled, ...notes], facts: FACTS() });
    if (plan.stopped !== null) return said('stopped', plan.stopped);
    if (plan.planned.items === 0) return said(deleted.items > 0 ? 'completed' : 'nothing-to-do', plan.staysOver ? 'nothing that may go would bring the store under its limit' : '');
    if (begun === undefined) journal.write(first);
    const deletedEarlier = deleted.items;
    const { stopped, notes: trimNotes } = await trimOldestOf({
      trimmer,
      request,
      journal,
      choice: plan.choice,
      items: plan.planned.items,
      keys: plan.keys,
      bytesPerRow: plan.planned.bytes / plan.planned.items,
      deleted,
      patience: { startedMonotonicMs, startedMs, deadlineSeconds: request.bounds.deadlineSeconds, now: request.now, byAge: plan.goal.olderThanMs !== null, stop: request.stop },
    });
    const notes = [...plan.notes, ...trimNotes, ...(await trimmer.notes(deleted.items).catch(() => []))]; // What was deleted is told, whatever else is not.
    const outcome = stopped === null ? said('completed', endOf(plan, deleted.items - deletedEarlier), notes) : said('stopped', stopped, notes);
    return { ...outcome, after: await amountOf(trimmer) };
  }, order.id);
}

/** Says how a batch of rows ended that an earlier run left open, and begins nothing new. */
export function settleTable(request: ApplyRequest, order: OrderFacts, journal: Journal, reason: string): Promise<Outcome> {
  return withRecords(request, async (trimmer) => {
    const notes = await settleRows(trimmer, journal);
    const first = journal.begun ?? NOTHING_DONE;
    return { outcome: 'stopped', reason, before: first.before, planned: first.planned, deleted: rowsDeleted(journal.records), resumed: true, notes, facts: FACTS() };
  }, order.id);
}
