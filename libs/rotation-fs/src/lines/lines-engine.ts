import { performance } from 'node:perf_hooks';
import { known, unknown } from '@mailwarden/kernel';
import { lowerPriority } from '@mailwarden/linux';
import type { Journal } from '../journal/journal.js';
import { ownershipOf } from '../logs/log-notes.js';
import { lockOutLogrotate } from '../logs/logrotate-lock.js';
import { storeFiles } from '../logs/store-file.js';
import { Tempo } from '../files/tempo.js';
import { NOTHING_DONE, type Deleted, type Outcome } from '../outcome.js';
import { outOfPatience } from '../patience.js';
import type { ApplyRequest, RotateRequest } from '../rotate-request.js';
import type { StoreEngine } from '../store-engine.js';
import { carryOutLines } from './carry-out-lines.js';
import { chosenLines } from './chosen-lines.js';
import { countsAfter } from './counts-after.js';
import { LineJudge } from './line-judge.js';
import { NO_REST, NOT_KNOWN } from './line-work.js';
import { countStore, planLines, type KnownCounts, type LinePlan } from './plan-lines.js';

const NOTES_MAX = 10;
const MS_PER_SECOND = 1_000;
/** What an order counted, for its own account: a cut makes the kernel forget what it had read of a file, and reading all of it again would cost more than the cut. */
const counts = new WeakMap<RotateRequest, KnownCounts>();

/** What the journal accounts for. */
function deletedBy(journal: Journal, skipped: LinePlan['skipped']): { readonly deleted: Deleted; readonly notes: string[] } {
  const done = journal.records.filter((record) => record.kind === 'lines-done');
  const sum = (of: (record: (typeof done)[number]) => number): number => done.reduce((total, record) => total + of(record), 0);
  const all = new Map(skipped);
  for (const { stayed } of done) if (stayed !== undefined) all.set(stayed.reason, (all.get(stayed.reason) ?? 0) + stayed.records);
  return { deleted: { items: sum(({ records }) => records), bytes: sum(({ bytes }) => bytes), skipped: all }, notes: [...new Set(done.map(({ note }) => note).filter((note) => note !== ''))] };
}

type End = readonly [Outcome['outcome'], string];

function outcomeOf(journal: Journal, plan: LinePlan | null, resumed: boolean, [outcome, reason]: End, notes: readonly string[]): Outcome {
  const first = journal.begun ?? (plan === null ? NOTHING_DONE : { before: plan.before, planned: plan.planned });
  const account = deletedBy(journal, plan?.skipped ?? new Map());
  return { outcome, reason, before: first.before, planned: first.planned, deleted: account.deleted, resumed, notes: [...notes, ...account.notes].slice(0, NOTES_MAX) };
}

/** Why nothing is begun; null when it was, and is on disk. */
function begin(request: ApplyRequest, journal: Journal, plan: LinePlan): End | null {
  if (plan.stopped !== null) return ['stopped', plan.stopped];
  if (plan.files.length === 0) return ['nothing-to-do', plan.staysOver ? 'nothing that may go would bring the store under its limit' : ''];
  const { before, planned, excess } = plan;
  journal.write({ kind: 'begun', before, planned, goal: { kinds: excess.kinds, olderThanMs: excess.olderThanMs } }, { kind: 'lines-chosen', files: plan.files.map(chosenLines) });
  request.watch?.('lines-chosen');
  return null;
}

function endOf(journal: Journal, stopped: string | null, staysOver: boolean): End {
  if (stopped !== null) return ['stopped', stopped];
  const planned = journal.begun?.planned.items ?? 0;
  const { items, skipped } = deletedBy(journal, new Map()).deleted;
  if (items < planned && journal.records.some((record) => record.kind === 'lines-done' && record.note === NOT_KNOWN)) return ['failed', `it is not known whether ${planned - items} of the ${planned} planned records left`];
  if (items === 0 && planned > 0 && skipped.size === 0) return ['failed', `none of the ${planned} planned records could leave`];
  if (items < planned) return ['completed', `${planned - items} planned records stayed`];
  return ['completed', staysOver ? 'what may go did not suffice to get under the limit' : ''];
}

async function rotate(request: ApplyRequest, order: string, journal: Journal, notes: readonly string[]): Promise<Outcome> {
  const [startedMonotonicMs, startedMs] = [performance.now(), request.now()];
  const resumed = journal.begun !== undefined;
  const plan = resumed ? null : await planLines(request);
  const refused = plan === null ? null : begin(request, journal, plan);
  if (refused !== null) return outcomeOf(journal, plan, resumed, refused, notes);
  const byAge = (journal.begun?.goal.olderThanMs ?? null) !== null;
  const tempo = new Tempo(request.pace, request.stop);
  if (tempo.isBound) lowerPriority();
  const leftMs = (): number => request.bounds.deadlineSeconds * MS_PER_SECOND - (performance.now() - startedMonotonicMs);
  const judge = resumed ? await LineJudge.of(request, journal) : null;
  const mayBegin = (): string | null => outOfPatience({ startedMonotonicMs, startedMs, deadlineSeconds: request.bounds.deadlineSeconds, now: request.now, byAge, stop: request.stop });
  const stopped = await carryOutLines(request, order, journal, { mayBegin, judge, rest: (bytes, records) => tempo.after(bytes, records, leftMs()) });
  if (plan !== null) counts.set(request, countsAfter(plan, journal));
  return outcomeOf(journal, plan, resumed, endOf(journal, stopped, plan?.staysOver ?? false), notes);
}

/**
 * Records that are lines of files. The oldest lines leave, in place where the file system can take blocks out of a file, else by writing what stays anew; a generation all of whose lines leave is deleted.
 * Bytes that are planned are those of the lines; bytes that are told as deleted are what the file system gave back.
 */
export const linesEngine: StoreEngine = {
  async preview(request) {
    const { before, planned, skipped, excess, stopped, staysOver } = await planLines(request);
    const { notes } = await ownershipOf(request, await storeFiles(request), 'trimmed all the same');
    return { before, planned, skipped, goal: { kinds: excess.kinds, olderThanMs: excess.olderThanMs }, stopped, staysOver, list: null, notes };
  },
  async carryOut(request, order, journal) {
    const { notes, sharedWithLogrotate } = await ownershipOf(request, await storeFiles(request), 'trimmed all the same');
    const lock = sharedWithLogrotate ? await lockOutLogrotate(request) : { close: () => undefined };
    if (lock === null && journal.begun !== undefined) throw new Error('logrotate is at work on these files; the order goes on when it has ended');
    if (lock === null) return outcomeOf(journal, null, false, ['stopped', 'logrotate is at work on these files and did not end in time; nothing was touched'], notes);
    try {
      return await rotate(request, order.id, journal, notes);
    } finally {
      lock.close();
    }
  },
  async settle(request, order, journal, reason) {
    const lock = await lockOutLogrotate(request);
    if (lock === null) throw new Error('logrotate is at work; what the order began is brought to its end when it has ended');
    try {
      const stopped = await carryOutLines(request, order.id, journal, { mayBegin: () => reason, rest: NO_REST, judge: await LineJudge.of(request, journal) });
      return outcomeOf(journal, null, true, ['stopped', stopped ?? reason], []);
    } finally {
      lock.close();
    }
  },
  async measure(request) {
    try {
      const files = await countStore(request, counts.get(request));
      return known({ items: files.reduce((sum, { records }) => sum + records, 0), bytes: files.reduce((sum, { file }) => sum + file.bytes, 0) });
    } catch (cause) {
      return unknown(`the records could not be counted afterwards (${(cause as Error).message})`.slice(0, 500));
    }
  },
};
