import type { SkipReason } from '@mailwarden/contracts';
import type { BytePath } from '@mailwarden/inventory';
import type { Host } from '@mailwarden/inventory-fs';
import type { FoundItem } from './find-items.js';
import type { IntendedMove, Journal, JournalRecord } from './journal.js';
import { FolderCache, PrivateFolder } from './private-folder.js';

/** Files of one batch: one announcement, one account. */
const BATCH_FILES = 256;

/** The other half of a pair: rows that leave with their files. Null for stores without rows. */
export interface OtherHalf {
  /** Deletes the rows of these files, by their path below the store's folder; committed when it resolves. */
  remove(files: readonly string[]): Promise<void>;
}

/** Called before each step, for tests that end the process there. */
export type StepWatch = (step: 'intent' | 'moved' | 'rows' | 'unlinked' | 'deleted') => void;

export interface FileWork {
  readonly host: Host;
  readonly order: string;
  readonly storeRoot: BytePath;
  readonly journal: Journal;
  readonly otherHalf: OtherHalf | null;
  readonly deadlineMs: number;
  readonly now: () => number;
  readonly watch: StepWatch;
}

export interface Deleted {
  items: number;
  bytes: number;
  readonly skipped: Map<SkipReason, number>;
}

const encoded = (bytes: BytePath): string => Buffer.from(bytes, 'latin1').toString('base64');
const decoded = (text: string): BytePath => Buffer.from(text, 'base64').toString('latin1');
const moveOf = (item: FoundItem, n: number): IntendedMove => ({ n, folder: encoded(item.folder), name: encoded(item.name), dev: item.dev, ino: item.ino, size: item.size, mtimeMs: item.mtimeMs, bytes: item.bytes });

/** Path below the store's folder as its rows spell it. */
const rowName = (storeRoot: BytePath, move: IntendedMove): string => Buffer.from(`${decoded(move.folder)}/${decoded(move.name)}`.slice(storeRoot.length + 1), 'latin1').toString('utf8');

/** Deletes the planned files, batch by batch. Errors: throws when the journal cannot be written or a half cannot leave; what was taken in is back in its place then. Returns false when the time ran out. */
export async function carryOutFiles(work: FileWork, items: readonly FoundItem[], firstSlot: number, deleted: Deleted): Promise<boolean> {
  const folder = PrivateFolder.open(work.host, work.storeRoot, work.order);
  if (folder === null) return true;
  try {
    for (let at = 0; at < items.length; at += BATCH_FILES) {
      if (work.now() > work.deadlineMs) return false;
      const moves = items.slice(at, at + BATCH_FILES).map((item, index) => moveOf(item, firstSlot + at + index));
      await carryOutBatch(work, folder, moves, deleted);
    }
    return true;
  } finally {
    folder.close();
  }
}

async function carryOutBatch(work: FileWork, folder: PrivateFolder, moves: readonly IntendedMove[], deleted: Deleted): Promise<void> {
  work.watch('intent');
  work.journal.write({ kind: 'intent', moves });
  const cache = new FolderCache(work.host);
  const taken: IntendedMove[] = [];
  try {
    for (const move of moves) {
      const place = cache.open(decoded(move.folder));
      const outcome = place === null ? 'vanished' : folder.take(place, decoded(move.name), move.n, move);
      if (outcome === 'moved') taken.push(move);
      else deleted.skipped.set(outcome, (deleted.skipped.get(outcome) ?? 0) + 1);
    }
  } finally {
    cache.close();
  }
  folder.sync();
  work.watch('moved');
  work.journal.write({ kind: 'moved', ns: taken.map((move) => move.n) });
  await finishBatch(work, folder, taken, deleted);
}

/** From here on the batch only goes forward, unless its other half cannot leave: then both come back. */
async function finishBatch(work: FileWork, folder: PrivateFolder, taken: readonly IntendedMove[], deleted: Deleted): Promise<void> {
  if (work.otherHalf !== null) {
    try {
      work.watch('rows');
      await work.otherHalf.remove(taken.map((move) => rowName(work.storeRoot, move)));
    } catch (cause) {
      returnAll(work, folder, taken);
      work.journal.write({ kind: 'returned' });
      throw cause;
    }
  }
  work.watch('unlinked');
  const held = new Set(folder.slots());
  for (const move of taken) if (held.has(move.n)) folder.unlink(move.n);
  folder.sync();
  work.watch('deleted');
  const bytes = taken.reduce((sum, move) => sum + move.bytes, 0);
  work.journal.write({ kind: 'deleted', items: taken.length, bytes });
  deleted.items += taken.length;
  deleted.bytes += bytes;
}

function returnAll(work: Pick<FileWork, 'host'>, folder: PrivateFolder, moves: readonly IntendedMove[]): void {
  const cache = new FolderCache(work.host);
  const held = new Set(folder.slots());
  try {
    for (const move of moves) {
      if (!held.has(move.n)) continue;
      const place = cache.open(decoded(move.folder));
      if (place !== null) folder.putBack(place, decoded(move.name), move.n);
    }
  } finally {
    cache.close();
  }
}

/** Batch that a crash left open: its announcement, and whether its files were already ours to delete. */
function openBatch(records: readonly JournalRecord[]): { moves: readonly IntendedMove[]; movedNs: ReadonlySet<number> | null } | null {
  let open: { moves: readonly IntendedMove[]; movedNs: ReadonlySet<number> | null } | null = null;
  for (const record of records) {
    if (record.kind === 'intent') open = { moves: record.moves, movedNs: null };
    else if (record.kind === 'moved' && open !== null) open = { moves: open.moves, movedNs: new Set(record.ns) };
    else if (record.kind === 'deleted' || record.kind === 'returned') open = null;
  }
  return open;
}

/** Finishes or takes back what a crash cut short, before anything new is begun. Returns the next free slot. */
export async function resumeFiles(work: FileWork, deleted: Deleted): Promise<number> {
  const { records } = work.journal;
  const nextSlot = 1 + records.reduce((most, record) => (record.kind === 'intent' ? Math.max(most, ...record.moves.map((move) => move.n)) : most), -1);
  const open = openBatch(records);
  if (open === null) return nextSlot;
  const folder = PrivateFolder.open(work.host, work.storeRoot, work.order);
  if (folder === null) return nextSlot;
  try {
    const { moves, movedNs } = open;
    if (movedNs === null) {
      returnAll(work, folder, moves);
      work.journal.write({ kind: 'returned' });
    } else await finishBatch(work, folder, moves.filter((move) => movedNs.has(move.n)), deleted);
  } finally {
    folder.close();
  }
  return nextSlot;
}
