import { toolIsOpen, type JournalRecord } from '../journal/journal.js';
import { isPacked, unpackMoves, type IntendedMove } from '../journal/packed-moves.js';

/** A batch that a crash left open. */
export interface OpenBatch {
  /** Its first slot, and how many it has, those that were never taken in among them. */
  readonly first: number;
  readonly count: number;
  readonly moves: readonly IntendedMove[];
  /** Forward: its files are ours to delete. Back: they go back to their places. */
  readonly way: 'forward' | 'back';
  /** Of a batch that goes forward, what was announced to go back all the same. It is none of `moves`. */
  readonly returning: readonly IntendedMove[];
}

/** Where in a journal the batch that was announced last is closed; -1 where it is not. What a run of the product's own tool deleted meanwhile closes that run alone. */
function closedAt(records: readonly JournalRecord[], begin: number): number {
  return records.findIndex(({ kind }, at) => at > begin && (kind === 'returned' || (kind === 'deleted' && !toolIsOpen(records.slice(0, at)))));
}

/** Whether a batch that a crash left open was begun by a word to write over what it held: files of it may hold nothing any more. */
export const mayBeWrittenOver = (records: readonly JournalRecord[]): boolean => records.some((record) => record.kind === 'moved' && record.overwrite === true);

/** Reads the journal for a batch that was never closed; null when all were. */
export function openBatchOf(records: readonly JournalRecord[]): OpenBatch | null {
  const begin = records.findLastIndex((record) => record.kind === 'intent');
  const intent = records[begin];
  if (intent?.kind !== 'intent' || closedAt(records, begin) !== -1) return null;
  const since = records.slice(begin + 1);
  const { first, count } = intent;
  const moves = unpackMoves(Buffer.from(intent.files, 'base64'), first);
  const moved = since.find((record) => record.kind === 'moved');
  if (moved === undefined) return { first, count, moves, way: 'back', returning: [] };
  const ours = Buffer.from(moved.ours, 'base64');
  const taken = moves.filter((_move, place) => isPacked(ours, place));
  const turns = since.filter((record) => record.kind === 'returning');
  if (turns.some(({ places }) => places === undefined)) return { first, count, moves: taken, way: 'back', returning: [] };
  const back = turns.map(({ places = '' }) => Buffer.from(places, 'base64'));
  const isReturning = (move: IntendedMove): boolean => back.some((bits) => isPacked(bits, move.n - first));
  return { first, count, moves: taken.filter((move) => !isReturning(move)), way: 'forward', returning: taken.filter(isReturning) };
}
