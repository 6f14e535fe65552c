import { performance } from 'node:perf_hooks';
import type { IntendedMove } from '../journal/packed-moves.js';
import { endingOf, outOfPatience, pauseWithin, type Patience } from '../patience.js';
import type { Deleted } from '../outcome.js';
import { carryOutBatch, type ClosedBatch } from './file-batch.js';
import type { FileWork } from './file-work.js';
import { heldByRows } from './held-rows.js';
import type { PlannedFile } from './item-window.js';
import type { PlanPiece } from './plan-files.js';
import type { Halt } from './take-in.js';
import type { Tempo } from './tempo.js';

/** Files of the first batch: one announcement, one account, few syncs. Where rows leave too all batches are so small: their transaction stays short, and the product never waits for us. */
const BATCH_FILES_FIRST = 1_024;
/** Later batches are larger, which saves syncs; up to here, since a large folder of our own makes each move into it dearer. */
const BATCH_FILES_MAX = 8_192;

/** How a piece of a plan is carried out. */
export interface CarryOut {
  readonly work: FileWork;
  readonly deleted: Deleted;
  readonly patience: Patience;
  readonly tempo: Tempo;
}

const moveOf = ({ root: _root, ...file }: PlannedFile, n: number, place: number): IntendedMove => ({ n, root: place, ...file });

/** Files whose rows leave too go no faster than the copies of the database follow. Returns why there is no going on. */
const replicasAreBehind = async ({ replicas }: FileWork, patience: Patience, settle: () => void): Promise<string | null> => (replicas === null ? null : replicas.untilNear(patience, settle));

/** Writes the account of a batch that waits for the next announcement: time is going to pass, or there is none. */
function settled(work: FileWork, closed: ClosedBatch | null): null {
  if (closed !== null) work.journal.write(closed.account);
  return null;
}

/** Deletes the planned files of a piece, batch by batch, the oldest batch first. Returns why it ended early, and the first slot that is free; a halt of null means that all was tried. */
export async function carryOutPiece({ work, deleted, patience, tempo }: CarryOut, { window, chosen }: PlanPiece, firstSlot: number): Promise<{ readonly halt: Halt | null; readonly nextSlot: number }> {
  let most = BATCH_FILES_FIRST;
  let closed: ClosedBatch | null = null;
  let [at, slot] = [0, firstSlot];
  let halt: Halt | null = null;
  while (at < chosen.length && halt === null) {
    const stopped = outOfPatience(patience) ?? (await replicasAreBehind(work, patience, () => (closed = settled(work, closed))));
    if (stopped !== null) {
      halt = { outcome: 'stopped', reason: stopped };
      break;
    }
    const begin = at;
    const batch = tempo.itemsAtOnce(Math.min(most, chosen.length - at), (index) => window.bytes[chosen[begin + index] ?? 0] ?? 0);
    const files = chosen.slice(at, at + batch).map((place) => window.fileAt(place));
    at += files.length;
    const held = await heldByRows(work, files, ({ root }) => root);
    if (held.size > 0) deleted.skipped.set('held', (deleted.skipped.get('held') ?? 0) + held.size);
    const moves = files.filter((file) => !held.has(file)).map((file, index) => moveOf(file, slot + index, work.folders.placeOf(file.root)));
    if (moves.length === 0) continue;
    const beganMs = performance.now();
    closed = await carryOutBatch(work, moves, closed, deleted, endingOf(patience));
    halt = closed.halt;
    slot += moves.length;
    const restMs = work.replicas?.restAfterMs(performance.now() - beganMs) ?? 0;
    if (restMs > 0) await pauseWithin(patience, restMs);
    if (work.otherHalf === null) most = Math.min(BATCH_FILES_MAX, most * 2);
  }
  settled(work, closed);
  return { halt, nextSlot: slot };
}
