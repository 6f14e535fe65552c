import { fstatSync } from 'node:fs';
import { blankingOf, isBlanking } from './blanking.js';
import { collapseCut, isUncut, prepareCut, wasCut, type PreparedCut } from './cut-in-place.js';
import { isAsPlanned, isStretchThere } from './line-marks.js';
import { accountOf, leftToOthers, NOT_THAT_FILE, recordsAbout, untouched, type LinesGone, type LineWork } from './line-work.js';

const BLOCK_BYTES = 512;
const allocated = (fd: number): number => fstatSync(fd).blocks * BLOCK_BYTES;

function made(work: LineWork, stretch: number, bytes: number): void {
  work.watch('lines-cut');
  work.journal.write({ kind: 'lines-cut', file: work.number, stretch, records: work.chosen.stretches[stretch]?.records ?? 0, bytes });
}

/** One cut, which an earlier run may have prepared. Returns a note, empty where all is well; null where nobody can tell whether it was made, or other lines stand there by now. */
function cutOnce(work: LineWork, fd: number, stretch: number, prepared: PreparedCut | null, wasBegun: boolean): string | null {
  const isMade = prepared === null ? false : wasBegun ? wasCut(fd, prepared) : isUncut(fd, prepared) ? false : null;
  if (isMade === null) return null;
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

/** Announces a cut and writes over what of it shares blocks with other lines; an earlier run may have done either. Returns the note of the cut, null where other lines stand there by now. */
function cutStretch(work: LineWork, fd: number, number: number, blockBytes: number): string | null {
  const stretch = work.chosen.stretches[number];
  if (stretch === undefined) return '';
  const earlier = recordsAbout(work, 'lines-cutting').find((record) => record.stretch === number)?.cut ?? null;
  if (earlier !== null) return cutOnce(work, fd, number, earlier, true);
  const blanking = recordsAbout(work, 'lines-blanking').find((record) => record.stretch === number);
  if (blanking === undefined ? !isStretchThere(fd, work.chosen, number) : blanking.was === undefined || !isBlanking(fd, stretch, blanking.was)) return null;
  // From here on lines are written over: an order that ends before the cut must bring it to its end.
  if (blanking === undefined) work.journal.write({ kind: 'lines-blanking', file: work.number, stretch: number, was: blankingOf(fd, stretch, blockBytes) });
  const prepared = prepareCut(fd, stretch, blockBytes);
  work.watch('lines-blanked');
  if (prepared !== null) work.journal.write({ kind: 'lines-cutting', file: work.number, stretch: number, cut: prepared });
  return cutOnce(work, fd, number, prepared, false);
}

/**
 * Takes lines out of a file in place, in whole blocks, from the last stretch to the first, so that no place moves that is still needed.
 * Safety: the file stays the same one under its name, and whoever appends to it goes on without a break: nothing is lost and nothing is told to anybody. Each stretch is looked at before it is begun, and the first that is another one ends the file.
 */
export function cutFile(work: LineWork, fd: number, blockBytes: number): LinesGone {
  const { stretches } = work.chosen;
  const done = new Set(recordsAbout(work, 'lines-cut').map(({ stretch }) => stretch));
  const begunFrom = Math.min(stretches.length, ...done, ...[...recordsAbout(work, 'lines-blanking'), ...recordsAbout(work, 'lines-cutting')].map(({ stretch }) => stretch));
  if (begunFrom === stretches.length && !isAsPlanned(fd, work.chosen)) return untouched(NOT_THAT_FILE);
  const isThere = stretches.slice(0, begunFrom).every((_stretch, number) => isStretchThere(fd, work.chosen, number));
  const staying = isThere ? leaveWhatStays(work, fd, begunFrom) : new Set(recordsAbout(work, 'lines-staying').map(({ stretch }) => stretch));
  let note = '';
  for (let number = stretches.length - 1; number >= 0; number -= 1) {
    if (done.has(number) || staying.has(number)) continue;
    const told = cutStretch(work, fd, number, blockBytes);
    if (told === null) return leftToOthers(work);
    note = told || note;
  }
  return accountOf(work, note);
}
