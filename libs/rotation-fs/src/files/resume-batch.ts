import { FolderHand } from '@mailwarden/linux';
import type { SkipReason } from '@mailwarden/contracts';
import type { IntendedMove } from '../journal/packed-moves.js';
import type { Deleted } from '../outcome.js';
import { giveBack, giveSomeBack, lookedAt, stillNameless, stillOurs } from './batch-places.js';
import { NO_END } from '../patience.js';
import { finishBatch } from './file-batch.js';
import { halfNameOf, type FileWork } from './file-work.js';
import { heldByRows } from './held-rows.js';
import type { OpenBatch } from './open-batch.js';
import { spellingsOf } from './other-half.js';
import { isSame } from './private-folder.js';

const ASKED_AT_ONCE = 1_000;

/** Why items that were to be deleted are in the store again. */
export type Returned = ReadonlyMap<SkipReason, number>;

/** Whether rows of a batch left with it: they leave together, so one that is there tells of all. Where none is there, nobody can tell that they did not. */
async function rowsMayHaveLeft(work: FileWork, moves: readonly IntendedMove[]): Promise<boolean> {
  if (work.otherHalf === null || work.journal.records.some(({ kind }) => kind === 'orphans-begun')) return false; // Halves that were alone have none.
  const nameless = stillNameless(work, moves);
  for (let at = 0; at < nameless.length; at += ASKED_AT_ONCE) {
    const names = nameless.slice(at, at + ASKED_AT_ONCE).flatMap((move) => spellingsOf(halfNameOf({ ...move, root: work.folders.at(move.root).root })));
    if ((await work.otherHalf.rows.filesWithRows(names)).size > 0) return false;
  }
  return true;
}

/** What of a batch must not be deleted any more, and why. Neither half of a pair stays without the other. */
async function keptOf(work: FileWork, taken: readonly IntendedMove[]): Promise<ReadonlyMap<IntendedMove, SkipReason>> {
  const kept = new Map<IntendedMove, SkipReason>();
  const ours = new Set(stillOurs(work, taken));
  for (const move of ours) {
    const reason = work.kept.reasonFor(work.folders.at(move.root), move);
    if (reason !== null) kept.set(move, reason);
  }
  for (const move of await heldByRows(work, stillNameless(work, taken), ({ root }) => work.folders.at(root).root)) if (!kept.has(move) && ours.has(move)) kept.set(move, 'held');
  if (kept.size === 0) return kept;
  const gone = (await rowsMayHaveLeft(work, taken)) ? [...kept.keys()] : [...kept.keys()].filter((move) => work.kept.isWrittenOver(work.folders.at(move.root), move));
  for (const move of gone) kept.delete(move);
  work.kept.countGone(gone.length);
  work.kept.countParted([...kept.keys()].filter((move) => move.isUnit === true && !work.folders.at(move.root).isAsPlanned(move.n, move)).length);
  return kept;
}

/**
 * Finishes a batch that a crash left open after it was found to be ours. What something keeps by now goes back, and is returned by its reason.
 * A power cut may have undone moves that were not on disk yet: what stands in its place again was not deleted.
 */
export async function resumeBatch(work: FileWork, open: OpenBatch, deleted: Deleted): Promise<Returned> {
  giveBack(work, open.returning);
  const hand = new FolderHand();
  const ours = new Set(stillOurs(work, open.moves));
  const gone = open.moves.filter((move) => !ours.has(move));
  const back = new Set(lookedAt(work, gone, (fd, move) => hand.look(fd, move.name) === 0 && isSame(hand.facts, move), false));
  const taken = open.moves.filter((move) => !back.has(move));
  const kept = await keptOf(work, taken);
  giveSomeBack(work, [...kept.keys()], open);
  const { account } = await finishBatch(work, taken.filter((move) => !kept.has(move)), open, deleted, NO_END);
  work.journal.write(account);
  return new Map([...Map.groupBy(kept.values(), (reason) => reason)].map(([reason, items]) => [reason, items.length]));
}
