import type { Begun, JournalRecord } from '../journal/journal.js';
import type { Deleted } from '../outcome.js';
import { outOfPatience } from '../patience.js';
import type { ApplyRequest } from '../rotate-request.js';
import { carryOutPiece, type CarryOut } from './carry-out-files.js';
import { findOrphans, type FoundOrphans } from './find-orphans.js';
import { rowsWithFiles } from './lone-halves.js';
import type { OtherHalf } from './other-half.js';
import { nextSlotOf } from './settle-batch.js';

const ROWS_PER_BATCH = 500;

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

/** What halves would go, beside those that went in an earlier run of the order, and of how many. */
interface Going {
  readonly halves: number;
  readonly bytes: number;
  readonly before: Orphans | null;
  readonly all: number;
}

/** Why halves may not go by the bounds of the order, which count all that it deletes, in all of its runs; null where they may. */
function boundOf({ bounds }: ApplyRequest, deleted: Deleted, { halves, bytes, before, all }: Going): string | null {
  const gone = (before?.files ?? 0) + (before?.rows ?? 0);
  if (deleted.items + gone + halves > bounds.items) return `${halves} orphaned halves would go as well; the bound is ${bounds.items} items`;
  if (deleted.bytes + (before?.bytes ?? 0) + bytes > bounds.bytes) return `orphaned halves of ${bytes} bytes would go as well; the bound is ${bounds.bytes} bytes`;
  return all + gone > 0 && (100 * (gone + halves)) / (all + gone) > bounds.percent ? `${gone + halves} orphaned halves are more than ${bounds.percent} % of the store` : null;
}

/** Deletes rows a batch at a time, each announced. A batch that is in anybody's way stays for another order. Returns why rows stay; null where all went or were tried. */
async function removeRows(request: ApplyRequest, { work, patience }: CarryOut, otherHalf: OtherHalf, { rows, roots, choice }: FoundOrphans): Promise<{ readonly stopped: string | null; readonly there: number }> {
  let there = 0;
  for (let at = 0; at < rows.length; at += ROWS_PER_BATCH) {
    const stopped = outOfPatience(patience) ?? (await work.replicas?.untilNear(patience, () => undefined)) ?? null;
    if (stopped !== null) return { stopped, there };
    const some = rows.slice(at, at + ROWS_PER_BATCH);
    const withFiles = rowsWithFiles(request.host, some, roots);
    there += withFiles.size;
    const batch = some.flatMap(({ key }) => (withFiles.has(key) ? [] : [key]));
    if (batch.length === 0) continue;
    work.journal.write({ kind: 'rows-intent', keys: batch, bytesPerRow: 0 });
    work.watch('rows');
    const { removed } = await otherHalf.rows.remove(batch, choice);
    work.watch('commit');
    work.journal.write({ kind: 'rows-deleted', rows: removed ? batch.length : 0, bytes: 0 });
  }
  return { stopped: null, there };
}

/** Deletes lone files. Returns why some stay; null where all went or were tried. */
async function removeFiles(terms: CarryOut, { window, files }: FoundOrphans): Promise<string | null> {
  const { work } = terms;
  const prepared = work.folders.prepare([...new Set(files.map((place) => window.rootAt(place)))]);
  if (!prepared.ok) return prepared.error;
  const apart: Deleted = { items: 0, bytes: 0, skipped: new Map() };
  const { halt } = await carryOutPiece({ ...terms, deleted: apart }, { window, chosen: files, next: null }, nextSlotOf(work.journal.records));
  return halt?.reason ?? null;
}

/**
 * Deletes files without a row and rows without a file, older than a named age, where the policy says so. `begun` is how the journal is told of an order that had nothing else to do.
 * Safety: as `findOrphans`; above the order's bounds nothing goes, and a row only where its file is not there a moment before.
 */
export async function repairOrphans(request: ApplyRequest, terms: CarryOut, otherHalf: OtherHalf, begun: Begun): Promise<OrphanRepair> {
  const { work, deleted } = terms;
  const before = orphansBefore(work.journal.records);
  const stays = (...reasons: readonly (string | null)[]): OrphanRepair => ({ ...(orphansBefore(work.journal.records) ?? { files: 0, rows: 0, bytes: 0 }), reason: reasons.filter((reason) => reason !== null).join('; ') || null });
  const found = await findOrphans(request, otherHalf);
  if (!found.ok) return stays(found.error);
  const { files, rows, bytes, all, notes } = found.value;
  if (files.length + rows.length === 0) return stays(...notes);
  const passed = boundOf(request, deleted, { halves: files.length + rows.length, bytes, before, all });
  if (passed !== null) return stays(`orphans stay: ${passed}`, ...notes);
  if (before === null) work.journal.write(...(work.journal.begun === undefined ? [begun] : []), { kind: 'orphans-begun' });
  const { stopped, there } = await removeRows(request, terms, otherHalf, found.value);
  const came = there === 0 ? null : `${there} rows stay: their files are there by now, or nobody can tell`;
  return stays(stopped ?? (await removeFiles(terms, found.value)), came, ...notes);
}
