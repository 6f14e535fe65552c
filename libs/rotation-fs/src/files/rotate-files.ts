import { release } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Receipt, SkipReason } from '@mailwarden/contracts';
import { compilePatterns } from '@mailwarden/inventory';
import { ok, type Result } from '@mailwarden/kernel';
import { lowerPriority } from '@mailwarden/linux';
import type { BegunOrder } from '@mailwarden/rotation';
import type { Begun, Journal, JournalRecord } from '../journal/journal.js';
import { NOTHING_DONE, type Deleted, type Outcome } from '../outcome.js';
import { ReplicaWait } from '../replica-wait.js';
import type { ApplyRequest } from '../rotate-request.js';
import { carryOutPiece, type CarryOut } from './carry-out-files.js';
import { halfNameOf, type FileWork } from './file-work.js';
import { inTurns } from './in-turns.js';
import type { AgeKey } from './item-window.js';
import { KeptSince } from './kept-since.js';
import { mayBeWrittenOver, openBatchOf } from './open-batch.js';
import { connectOtherHalf, type HalfName, type OtherHalf } from './other-half.js';
import { Overwriter } from './overwriter.js';
import { orphansBefore, repairOrphans, settleOrphanRows } from './orphans.js';
import { nextPiece, plannedFiles, planFiles, type FilesPlan, type PlanPiece } from './plan-files.js';
import { PrivateFolders } from './private-folders.js';
import type { Returned } from './resume-batch.js';
import { nextSlotOf, settleBatch } from './settle-batch.js';
import { SlotRemover } from './slot-remover.js';
import { namesInStore } from './store-names.js';
import type { Halt } from './take-in.js';
import { Tempo } from './tempo.js';

/** What earlier runs of the order closed. */
export function deletedBefore(records: readonly JournalRecord[]): Deleted {
  const deleted: Deleted = { items: 0, bytes: 0, skipped: new Map<SkipReason, number>() };
  for (const record of records) {
    if (record.kind === 'orphans-begun') break; // These are counted apart.
    if (record.kind !== 'deleted' && record.kind !== 'rows-deleted') continue;
    deleted.items += record.kind === 'deleted' ? record.items : record.rows;
    deleted.bytes += record.bytes;
  }
  return deleted;
}

/** Where the journal itself counts what was done. */
const uncounted = (): Deleted => ({ items: 0, bytes: 0, skipped: new Map() });

/** Counts what went back, where no plan follows that would tell of it. */
export function tellReturned({ skipped }: Deleted, returned: Returned): void {
  for (const [reason, items] of returned) skipped.set(reason, (skipped.get(reason) ?? 0) + items);
}

/** What is left of an order that was begun: its own goal, and no more than it had planned. */
export const restOf = (begun: Begun, deleted: Deleted): BegunOrder => ({ ...begun.goal, itemsLeft: Math.max(0, begun.planned.items - deleted.items), newestMs: begun.planned.newestMs, deleted: { items: deleted.items, bytes: deleted.bytes } });

type Said = (outcome: Outcome['outcome'], reason: string) => Outcome;

/** What an order is told with, whatever comes. */
interface Account {
  readonly begun: Begun | undefined;
  readonly plan: FilesPlan | null;
  readonly deleted: Deleted;
  readonly resumed: boolean;
  readonly facts: Receipt['facts'];
  readonly work: Pick<FileWork, 'overwriter' | 'remover' | 'replicas' | 'kept'>;
}

const notesOf = ({ overwriter, remover, kept, replicas }: Account['work']): string[] => [...overwriter.notes, ...remover.notes, ...kept.notes, ...(replicas?.notes ?? [])];

function saying({ begun, plan, deleted, resumed, facts, work }: Account): Said {
  const first = begun ?? (plan === null ? NOTHING_DONE : { before: plan.plan.before, planned: { ...plan.plan.planned, digest: plan.digest } });
  return (outcome, reason) => ({ outcome, reason, before: first.before, planned: first.planned, deleted, resumed, ...(facts === undefined ? {} : { facts }), notes: notesOf(work) });
}

/** How an order is told that ran to its end. */
function endOf(said: Said, { plan }: FilesPlan, deletedNow: number): Outcome {
  const left = plan.planned.items - deletedNow;
  if (plan.planned.items > 0 && deletedNow === 0) return said('failed', `none of the ${left} planned files could be taken`);
  if (left > 0) return said('completed', `${left} planned files had changed or could not be taken`);
  return said('completed', plan.staysOver ? 'what may go did not suffice to get under the limit' : '');
}

/** How the main part of an order is told that had come to its end before its orphans were begun with. */
function endedBefore(said: Said, { planned }: Begun, deleted: Deleted): Outcome {
  const left = planned.items - deleted.items;
  return said(deleted.items > 0 ? 'completed' : 'nothing-to-do', left > 0 ? `${left} planned files had changed or could not be taken` : '');
}

/** Whether rows can leave with their files at all. */
async function rowsAreUnderstood(otherHalf: OtherHalf, request: ApplyRequest, plan: FilesPlan): Promise<boolean> {
  const planned: HalfName[] = [];
  for (const file of plannedFiles(request, plan)) planned.push(halfNameOf(file));
  return otherHalf.isUnderstood(planned, () => namesInStore(request));
}

/** Carries out a plan piece by piece: what does not fit into memory at once is looked for again, after what was tried. Returns why it ended early; null when all was tried. */
async function carryOutPlan(request: ApplyRequest, terms: CarryOut, { plan, piece, nowMs }: FilesPlan): Promise<Halt | null> {
  let [slot, itemsLeft, floor] = [nextSlotOf(terms.work.journal.records), plan.planned.items, null as AgeKey | null];
  for (let current: PlanPiece | null = piece; itemsLeft > 0; current = null) {
    const begun: BegunOrder = { ...plan.goal, itemsLeft, newestMs: plan.planned.newestMs, deleted: terms.deleted };
    const one: PlanPiece = current ?? (await inTurns(nextPiece(request, begun, floor, nowMs)));
    const prepared = terms.work.folders.prepare([...new Set(one.chosen.map((place) => one.window.rootAt(place)))]);
    if (!prepared.ok) return { outcome: 'failed', reason: prepared.error };
    const { halt, nextSlot } = await carryOutPiece(terms, one, slot);
    if (halt !== null) return halt;
    slot = nextSlot;
    itemsLeft -= one.chosen.length;
    if (one.next === null) return null;
    floor = one.next;
  }
  return null;
}

async function carryOut(request: ApplyRequest, journal: Journal, work: FileWork, tempo: Tempo, startedMonotonicMs: number): Promise<Outcome> {
  const { store, bounds, now } = request;
  const startedMs = now();
  const resumed = journal.begun !== undefined;
  const deleted = deletedBefore(journal.records);
  const hasEnded = orphansBefore(journal.records) !== null;
  const settled = await settleBatch(work, openBatchOf(journal.records), hasEnded ? uncounted() : deleted);
  const before = saying({ begun: journal.begun, plan: null, deleted, resumed, facts: undefined, work });
  if (!settled.ok) return before('failed', cutShort(settled.error));
  // What is deleted behind `orphans-begun` counts as a half that was alone.
  if (hasEnded && journal.begun !== undefined) {
    tellReturned(deleted, settled.value);
    return endedBefore(before, journal.begun, deleted);
  }
  const plan = await inTurns(planFiles(request, journal.begun === undefined ? undefined : restOf(journal.begun, deleted)));
  for (const [reason, count] of plan.skipped) deleted.skipped.set(reason, (deleted.skipped.get(reason) ?? 0) + count);
  const facts = { kernel: release(), fileSystems: [] as string[], tool: null };
  const said = saying({ begun: journal.begun, plan, deleted, resumed, facts, work });
  const { planned, staysOver, stopped, goal } = plan.plan;
  if (plan.unreadable !== null) return said('failed', plan.unreadable);
  if (stopped !== null) return said('stopped', stopped);
  if (planned.items === 0) return said(deleted.items > 0 ? 'completed' : 'nothing-to-do', staysOver ? 'nothing that may go would bring the store under its limit' : '');
  if (work.otherHalf !== null && !(await rowsAreUnderstood(work.otherHalf, request, plan))) return said('stopped', `no row of ${store.rows?.relation ?? store.id} names any of these files in a way that is understood; their rows would stay behind`);
  if (journal.begun === undefined) journal.write({ kind: 'begun', before: plan.plan.before, planned: { ...planned, digest: plan.digest }, goal });
  work.watch('folder');
  work.remover.expect(planned.items);
  if (tempo.isBound) lowerPriority();
  const deletedEarlier = deleted.items;
  const patience = { startedMonotonicMs, startedMs, deadlineSeconds: bounds.deadlineSeconds, now, byAge: goal.olderThanMs !== null, stop: request.stop };
  const halt = await carryOutPlan(request, { work, deleted, patience, tempo }, plan);
  facts.fileSystems.push(...work.folders.fileSystems());
  return halt === null ? endOf(said, plan, deleted.items - deletedEarlier) : said(halt.outcome, halt.reason);
}

async function withWork<T>(request: ApplyRequest, order: string, journal: Journal, use: (work: FileWork, tempo: Tempo) => Promise<T>): Promise<T> {
  const relation = request.store.kind === 'pair' ? request.store.rows : null;
  const otherHalf: OtherHalf | null = relation === null ? null : await connectOtherHalf(request, relation);
  const folders = new PrivateFolders(request.host, order, journal);
  const tempo = new Tempo(request.pace, request.stop);
  const remover = new SlotRemover(tempo);
  const isResumed = journal.begun !== undefined;
  const overwrite = request.overwrite || mayBeWrittenOver(journal.records);
  try {
    const watch = request.watch ?? (() => undefined);
    const result = await use({ folders, journal, otherHalf, replicas: otherHalf === null ? null : new ReplicaWait(otherHalf.rows), overwriter: new Overwriter(overwrite), remover, kept: new KeptSince({ ...request, overwrite }, journal), watch }, tempo);
    watch('leaving');
    if (isResumed) folders.removeForgotten(compilePatterns(request.store.files).roots);
    folders.close('remove');
    return result;
  } finally {
    folders.close('leave');
    await remover.end();
    await otherHalf?.close();
  }
}

/** Halves that an earlier run deleted are told however this one ends. */
function tellingOrphans(outcome: Outcome, journal: Journal): Outcome {
  const orphans = orphansBefore(journal.records);
  return orphans === null ? outcome : { ...outcome, orphans };
}

/** Halves of pairs that are alone leave where the policy says so, once the order itself came to its end. */
async function withOrphans(request: ApplyRequest, journal: Journal, work: FileWork, tempo: Tempo, outcome: Outcome): Promise<Outcome> {
  const { otherHalf } = work;
  if (request.orphans !== 'delete' || otherHalf === null || !['completed', 'nothing-to-do'].includes(outcome.outcome)) return tellingOrphans(outcome, journal);
  await settleOrphanRows(journal, otherHalf);
  const patience = { startedMonotonicMs: performance.now(), startedMs: request.now(), deadlineSeconds: request.bounds.deadlineSeconds, now: request.now, byAge: true, stop: request.stop };
  const { reason, ...orphans } = await repairOrphans(request, { work, deleted: outcome.deleted, patience, tempo }, otherHalf, { kind: 'begun', before: outcome.before, planned: outcome.planned, goal: { kinds: [], olderThanMs: null } });
  return { ...outcome, outcome: orphans.files + orphans.rows > 0 ? 'completed' : outcome.outcome, orphans, notes: [...(outcome.notes ?? []), ...(reason === null ? [] : [reason])] };
}

/** Brings a store of files, generations or pairs back under its limits. Safety: plans first; a plan above a bound deletes nothing. */
export function rotateFiles(request: ApplyRequest, order: string, journal: Journal): Promise<Outcome> {
  const startedMonotonicMs = performance.now();
  return withWork(request, order, journal, async (work, tempo) => withOrphans(request, journal, work, tempo, await carryOut(request, journal, work, tempo, startedMonotonicMs)));
}

/** How an order is told whose own folder is gone. */
export const cutShort = (why: string): string => `an earlier run was cut short, and ${why}: what it had moved there is not counted as deleted`;

/** What ending a batch came to that a crash left open. */
export interface SettledFiles {
  /** What went back, as something keeps it by now; or why the batch cannot be ended. */
  readonly settled: Result<Returned, string>;
  readonly notes: readonly string[];
}

/** Ends the batch of files that an earlier run of the order left open, for an order that does not delete files alone. `deleted` takes what is deleted now. Errors: as `settleBatch`. */
export async function settleOpenFiles(request: ApplyRequest, order: string, journal: Journal, deleted: Deleted): Promise<SettledFiles> {
  if (!journal.records.some(({ kind }) => kind === 'private-folder')) return { settled: ok(new Map()), notes: [] };
  return withWork(request, order, journal, async (work) => ({ settled: await settleBatch(work, openBatchOf(journal.records), deleted), notes: notesOf(work) }));
}

/** Ends what an earlier run of the order left half done, and begins nothing new. */
export function settleFiles(request: ApplyRequest, order: string, journal: Journal, reason: string): Promise<Outcome> {
  return withWork(request, order, journal, async (work) => {
    const deleted = deletedBefore(journal.records);
    const settled = await settleBatch(work, openBatchOf(journal.records), orphansBefore(journal.records) === null ? deleted : uncounted());
    if (work.otherHalf !== null) await settleOrphanRows(journal, work.otherHalf);
    if (settled.ok) tellReturned(deleted, settled.value);
    const said = saying({ begun: journal.begun, plan: null, deleted, resumed: true, facts: undefined, work });
    return tellingOrphans(settled.ok ? said('stopped', reason) : said('failed', `${reason}; ${cutShort(settled.error)}`), journal);
  });
}
