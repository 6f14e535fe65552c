import { concernsStore } from '@mailwarden/rotation';
import type { HeldSpan, TrimChoice } from '@mailwarden/product-database';
import type { BytePath } from '@mailwarden/inventory';
import type { Begun, JournalRecord } from '../journal/journal.js';
import type { Deleted } from '../outcome.js';
import { outOfPatience } from '../patience.js';
import type { ApplyRequest } from '../rotate-request.js';
import { heldSpans } from '../tables/held-spans.js';
import { carryOutPiece, type CarryOut } from './carry-out-files.js';
import { halfNameOf } from './file-work.js';
import { inTurns } from './in-turns.js';
import type { ItemWindow } from './item-window.js';
import { plainName, spellingsOf, type OtherHalf } from './other-half.js';
import { nextSlotOf } from './settle-batch.js';
import { namesInStore } from './store-names.js';
import { survey } from './survey.js';

/** A pair that is just being written is never taken for halves. Units: seconds. */
const AGE_SECONDS_MIN = 3_600;
/** Halves are compared by name, in memory; a store of more is left as it is. */
const NAMES_MAX = 500_000;
const ROWS_PER_BATCH = 500;
const ASKED_AT_ONCE = 1_000;
const MS_PER_SECOND = 1_000;

/** Orphaned halves that left. */
export interface Orphans {
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
}

/** Why orphans stayed; null where all that were found left. */
export interface OrphanRepair extends Orphans {
  readonly reason: string | null;
}

/** What earlier runs of the order did with orphans; null where none came to them. */
export function orphansBefore(records: readonly JournalRecord[]): Orphans | null {
  const begun = records.findIndex(({ kind }) => kind === 'orphans-begun');
  if (begun === -1) return null;
  const sum = (of: (record: JournalRecord) => number): number => records.slice(begun).reduce((total, record) => total + of(record), 0);
  return { files: sum((record) => (record.kind === 'deleted' ? record.items : 0)), rows: sum((record) => (record.kind === 'rows-deleted' ? record.rows : 0)), bytes: sum((record) => (record.kind === 'deleted' || record.kind === 'rows-deleted' ? record.bytes : 0)) };
}

/** Says how a batch of lone rows ended that a crash left open. */
export async function settleOrphanRows(journal: CarryOut['work']['journal'], otherHalf: OtherHalf): Promise<void> {
  const last = journal.records.findLast((record) => record.kind === 'rows-intent' || record.kind === 'rows-deleted');
  if (last?.kind !== 'rows-intent') return;
  journal.write({ kind: 'rows-deleted', rows: Math.max(0, last.keys.length - (await otherHalf.rows.left(last.keys))), bytes: 0 });
}

const isHeld = (spans: readonly HeldSpan[], ms: number): boolean => spans.some(({ fromMs, untilMs }) => ms >= fromMs && ms <= untilMs);

/** Files that no row names, oldest first, by their places in a window. Those that come after `upTo` of the oldest with a moment always stay. A file whose name no row can spell is not known to be alone. */
async function loneFiles(window: ItemWindow, otherHalf: OtherHalf, named: ReadonlySet<string>, { choice, upTo }: { readonly choice: TrimChoice; readonly upTo: number }): Promise<number[]> {
  const isOld = (ms: number | undefined): boolean => ms !== undefined && ms < choice.beforeMs && !isHeld(choice.held, ms);
  const unnamed = [...window.order()].slice(0, Math.max(0, upTo)).filter((place) => {
    if (window.blockedBy(place) !== null || !isOld(window.atMs[place]) || !isOld(window.otherMs[place])) return false;
    const spellings = spellingsOf(halfNameOf(window.fileAt(place)));
    return spellings.length > 0 && !spellings.some((spelling) => named.has(spelling));
  });
  const lone: number[] = [];
  for (let at = 0; at < unnamed.length; at += ASKED_AT_ONCE) {
    const some = unnamed.slice(at, at + ASKED_AT_ONCE);
    const found = await otherHalf.rows.filesWithRows(some.flatMap((place) => spellingsOf(halfNameOf(window.fileAt(place))))); // Rows that came since.
    lone.push(...some.filter((place) => !spellingsOf(halfNameOf(window.fileAt(place))).some((spelling) => found.has(spelling))));
  }
  return lone;
}

/** Keys of rows whose file is nowhere. */
async function loneRows(otherHalf: OtherHalf, roots: readonly BytePath[], onDisk: ReadonlySet<string>, choice: TrimChoice): Promise<string[]> {
  const lone: string[] = [];
  for (let after: string | null = null; ; ) {
    const halves = await otherHalf.rows.halves(choice, after, ASKED_AT_ONCE);
    for (const { key, file } of halves) if (!onDisk.has(plainName(file, roots))) lone.push(key);
    after = halves.at(-1)?.key ?? null;
    if (halves.length < ASKED_AT_ONCE || after === null) return lone;
  }
}

/** Halves that outnumber whole pairs are no accident of single letters: the folder is not mounted, or the table was emptied or brought back from another time. */
function doubtOf(found: { readonly files: number; readonly rows: number; readonly whole: number }): string | null {
  if (found.files > found.whole) return `${found.files} files have no row and ${found.whole} have one: the table may have been emptied or restored`;
  return found.rows > found.whole ? `${found.rows} rows have no file and ${found.whole} have one: the folder may not be the right one, or not be mounted` : null;
}

/** What halves would go, beside those that went in an earlier run of the order, and of how many. */
interface Found {
  readonly halves: number;
  readonly bytes: number;
  readonly before: Orphans | null;
  readonly all: number;
}

/** Why halves may not go by the bounds of the order, which count all that it deletes, in all of its runs; null where they may. */
function boundOf({ bounds }: ApplyRequest, deleted: Deleted, { halves, bytes, before, all }: Found): string | null {
  const gone = (before?.files ?? 0) + (before?.rows ?? 0);
  if (deleted.items + gone + halves > bounds.items) return `${halves} orphaned halves would go as well; the bound is ${bounds.items} items`;
  if (deleted.bytes + (before?.bytes ?? 0) + bytes > bounds.bytes) return `orphaned halves of ${bytes} bytes would go as well; the bound is ${bounds.bytes} bytes`;
  return all + gone > 0 && (100 * (gone + halves)) / (all + gone) > bounds.percent ? `${gone + halves} orphaned halves are more than ${bounds.percent} % of the store` : null;
}

/** Deletes rows by their keys, a batch at a time, each announced. A batch that is in anybody's way stays for another order. */
async function removeRows({ work, patience }: CarryOut, otherHalf: OtherHalf, keys: readonly string[], choice: TrimChoice): Promise<string | null> {
  for (let at = 0; at < keys.length; at += ROWS_PER_BATCH) {
    const stopped = outOfPatience(patience) ?? (await work.replicas?.untilNear(patience, () => undefined)) ?? null;
    if (stopped !== null) return stopped;
    const batch = keys.slice(at, at + ROWS_PER_BATCH);
    work.journal.write({ kind: 'rows-intent', keys: batch, bytesPerRow: 0 });
    work.watch('rows');
    const { removed } = await otherHalf.rows.remove(batch, choice);
    work.watch('commit');
    work.journal.write({ kind: 'rows-deleted', rows: removed ? batch.length : 0, bytes: 0 });
  }
  return null;
}

/**
 * Deletes files without a row and rows without a file, older than a named age, where the policy says so. `begun` is how the journal is told of an order that had nothing else to do.
 * Safety: what is held, young, blocked or among the newest that always stay is left; above the order's bounds, or where halves outnumber pairs, nothing goes.
 */
export async function repairOrphans(request: ApplyRequest, terms: CarryOut, otherHalf: OtherHalf, begun: Begun): Promise<OrphanRepair> {
  const { work, deleted } = terms;
  const before = orphansBefore(work.journal.records);
  const stays = (reason: string | null): OrphanRepair => ({ ...(orphansBefore(work.journal.records) ?? { files: 0, rows: 0, bytes: 0 }), reason });
  const nowMs = request.now();
  const ageSeconds = Math.max(AGE_SECONDS_MIN, request.keep.youngerThanSeconds, request.store.quietPeriodSeconds);
  const choice: TrimChoice = { beforeMs: nowMs - ageSeconds * MS_PER_SECOND, held: heldSpans(request.holds.filter((hold) => concernsStore(hold, request.profile.id, request.store.id))) };
  const names = await otherHalf.rows.fileNames(NAMES_MAX);
  if (names === null) return stays(`more than ${NAMES_MAX} rows: orphans were not looked for`);
  const [onDisk, roots] = [new Set<string>(), new Set<BytePath>()];
  for (const half of namesInStore(request)) {
    roots.add(half.root);
    onDisk.add(Buffer.from(half.path, 'latin1').toString('utf8'));
    if (onDisk.size > NAMES_MAX) return stays(`more than ${NAMES_MAX} files: orphans were not looked for`);
  }
  const { window, unreadable, totals } = await inTurns(survey(request, { nowMs, floor: null, oneByOne: true }));
  if (unreadable !== null) return stays(unreadable);
  const files = await loneFiles(window, otherHalf, new Set(names), { choice, upTo: totals.dated - request.keep.newest });
  // A mark is of a file; no row was ever announced by one.
  const rows = request.marked === null ? await loneRows(otherHalf, [...roots], onDisk, choice) : [];
  const bytes = files.reduce((sum, place) => sum + (window.bytes[place] ?? 0), 0);
  if (files.length + rows.length === 0) return stays(null);
  const whole = names.filter((name) => onDisk.has(plainName(name, [...roots]))).length;
  const doubt = doubtOf({ files: files.length, rows: rows.length, whole }) ?? boundOf(request, deleted, { halves: files.length + rows.length, bytes, before, all: onDisk.size + names.length });
  if (doubt !== null) return stays(`orphans stay: ${doubt}`);
  if (before === null) work.journal.write(...(work.journal.begun === undefined ? [begun] : []), { kind: 'orphans-begun' });
  const stopped = await removeRows(terms, otherHalf, rows, choice);
  if (stopped !== null) return stays(stopped);
  const prepared = work.folders.prepare([...new Set(files.map((place) => window.rootAt(place)))]);
  if (!prepared.ok) return stays(prepared.error);
  const apart: Deleted = { items: 0, bytes: 0, skipped: new Map() };
  const { halt } = await carryOutPiece({ ...terms, deleted: apart }, { window, chosen: files, next: null }, nextSlotOf(work.journal.records));
  return stays(halt?.reason ?? null);
}
