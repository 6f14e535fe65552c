import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal, type JournalRecord } from '../journal/journal.js';
import { packMoves, packPlaces, type IntendedMove } from '../journal/packed-moves.js';
import { openBatchOf } from './open-batch.js';

const move = (n: number): IntendedMove => ({ n, root: 0, folder: '', name: `letter-${n}`, dev: 1, ino: n, size: 1, mtimeMs: 1, bytes: 1 });
const MOVES = [move(3), move(4), move(5)];
const places = (...of: number[]): string => packPlaces(of, MOVES.length).toString('base64');
const INTENT: JournalRecord = { kind: 'intent', first: 3, count: MOVES.length, files: packMoves(MOVES).toString('base64') };
const MOVED: JournalRecord = { kind: 'moved', ours: places(0, 1, 2) };
const TOOL: JournalRecord = { kind: 'tool-intent', argv: ['/usr/bin/rm'], items: [] };
const DELETED: JournalRecord = { kind: 'deleted', items: 1, bytes: 1 };
const slotsOf = (moves: readonly IntendedMove[] | undefined): number[] | undefined => moves?.map(({ n }) => n);

const ORDER = randomUUID();

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'mailwarden-open-batch-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** What a journal says after it was written, closed and read again. */
function readAgain(...records: readonly JournalRecord[]): readonly JournalRecord[] {
  const journal = Journal.open(dir, ORDER);
  for (const record of records) journal.write(record);
  journal.close();
  const again = Journal.open(dir, ORDER);
  again.close();
  return again.records;
}

describe('a batch in a journal', () => {
  it('goes back before it was found to be ours, and forward after that', () => {
    expect(openBatchOf([INTENT])).toMatchObject({ way: 'back', moves: MOVES });
    expect(openBatchOf([INTENT, { kind: 'moved', ours: places(0, 2) }])).toMatchObject({ way: 'forward', moves: [MOVES[0], MOVES[2]], returning: [] });
  });

  it('goes back as a whole, or in the part that was announced', () => {
    expect(openBatchOf([INTENT, MOVED, { kind: 'returning' }])).toMatchObject({ way: 'back', moves: MOVES });
    const open = openBatchOf([INTENT, MOVED, { kind: 'returning', places: places(0) }, { kind: 'returning', places: places(2) }]);
    expect([open?.way, slotsOf(open?.moves), slotsOf(open?.returning)]).toEqual(['forward', [4], [3, 5]]);
  });

  it('is closed by its own account, and not by what a tool deleted', () => {
    expect(openBatchOf(readAgain(INTENT, MOVED, TOOL, DELETED))).toMatchObject({ way: 'forward', moves: MOVES });
    expect(openBatchOf(readAgain(DELETED))).toBeNull();
    expect(openBatchOf([TOOL, DELETED, INTENT, MOVED, { kind: 'returned' }])).toBeNull();
    expect(openBatchOf([TOOL, DELETED, INTENT, MOVED, DELETED])).toBeNull();
  });
});
