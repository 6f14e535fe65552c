import { fstatSync } from 'node:fs';
import { collapseCut, markAt, prepareCut, wasCut, type PreparedCut } from './cut-in-place.js';
import { kept, NOT_THAT_FILE, recordsAbout, untouched, type LinesGone, type LineWork } from './line-work.js';

const BLOCK_BYTES = 512;
const allocated = (fd: number): number => fstatSync(fd).blocks * BLOCK_BYTES;

/** Whether the lines that were planned are still where they were: what never leaves stands behind them, unless cuts behind it were made already. */
const isAsPlanned = (fd: number, { chosen }: LineWork): boolean => {
  const last = chosen.stretches.at(-1);
  return last !== undefined && fstatSync(fd).size >= last.end && markAt(fd, last.end, chosen.size) === chosen.behind;
};

function made(work: LineWork, stretch: number, bytes: number): void {
  work.watch('lines-cut');
  work.journal.write({ kind: 'lines-cut', file: work.number, stretch, records: work.chosen.stretches[stretch]?.records ?? 0, bytes });
}

/** One cut, which an earlier run may have prepared. Returns a note; empty where all is well. */
function cutOnce(work: LineWork, fd: number, stretch: number, prepared: PreparedCut | null, wasBegun: boolean): string {
  const isMade = wasBegun && prepared !== null ? wasCut(fd, prepared) : false;
  if (isMade === null) return 'an earlier run was cut short, and nobody can tell whether its last cut was made';
  const before = allocated(fd);
  const failed = isMade || prepared === null ? null : collapseCut(fd, prepared);
  made(work, stretch, isMade && prepared !== null ? prepared.end - prepared.start : Math.max(0, before - allocated(fd)));
  return failed === null ? '' : `lines were written over, and their room could not be given back (${failed})`;
}

/**
 * Says which stretches stay: those that must by now, and those that an earlier run found so. Only stretches before all that were begun are asked about, for what stands behind those has moved.
 * Safety: written down before another is cut, so that no run begins one later whose place has moved by then.
 */
function leaveWhatStays(work: LineWork, fd: number, begunFrom: number): ReadonlySet<number> {
  const staying = new Set(recordsAbout(work, 'lines-staying').map(({ stretch }) => stretch));
  for (const [stretch, reason] of (work.judge?.stretches(fd, work.chosen, begunFrom) ?? []).entries()) {
    if (reason === null || staying.has(stretch)) continue;
    work.journal.write({ kind: 'lines-staying', file: work.number, stretch, reason });
    staying.add(stretch);
  }
  return staying;
}

/** What left of a file, and what stayed of what was to leave, as the journal tells it. */
function accountOf(work: LineWork, note: string): LinesGone {
  const [cut, staying] = [recordsAbout(work, 'lines-cut'), recordsAbout(work, 'lines-staying')];
  const gone = { records: cut.reduce((sum, { records }) => sum + records, 0), bytes: cut.reduce((sum, { bytes }) => sum + bytes, 0), note };
  const [first] = staying;
  return first === undefined ? gone : { ...kept(first.reason, staying.reduce((sum, { stretch }) => sum + (work.chosen.stretches[stretch]?.records ?? 0), 0)), ...gone };
}

/**
 * Takes lines out of a file in place, in whole blocks, from the last stretch to the first, so that no place moves that is still needed.
 * Safety: the file stays the same one under its name, and whoever appends to it goes on without a break: nothing is lost and nothing is told to anybody.
 */
export function cutFile(work: LineWork, fd: number, blockBytes: number): LinesGone {
  const { stretches } = work.chosen;
  const done = new Set(recordsAbout(work, 'lines-cut').map(({ stretch }) => stretch));
  const blanking = new Set(recordsAbout(work, 'lines-blanking').map(({ stretch }) => stretch));
  const begun = new Map(recordsAbout(work, 'lines-cutting').map(({ stretch, cut }) => [stretch, cut]));
  if (begun.size === 0 && !isAsPlanned(fd, work)) return untouched(NOT_THAT_FILE);
  const staying = leaveWhatStays(work, fd, Math.min(stretches.length, ...done, ...blanking, ...begun.keys()));
  let note = '';
  for (let number = stretches.length - 1; number >= 0; number -= 1) {
    const stretch = stretches[number];
    if (stretch === undefined || done.has(number) || staying.has(number)) continue;
    const earlier = begun.get(number) ?? null;
    // From here on lines are written over: an order that ends before the cut must bring it to its end.
    if (earlier === null && !blanking.has(number)) work.journal.write({ kind: 'lines-blanking', file: work.number, stretch: number });
    const prepared = earlier ?? prepareCut(fd, stretch, blockBytes);
    work.watch('lines-blanked');
    if (earlier === null && prepared !== null) work.journal.write({ kind: 'lines-cutting', file: work.number, stretch: number, cut: prepared });
    note = cutOnce(work, fd, number, prepared, earlier !== null) || note;
  }
  return accountOf(work, note);
}
