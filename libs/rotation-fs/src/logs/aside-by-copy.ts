import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, readSync, unlinkSync, writeSync } from 'node:fs';
import type { RotateActive } from '@mailwarden/catalogue';
import { entryPath, kernelServes, type Directory } from '@mailwarden/inventory-fs';
import { collapseCut, collapsibleBlock, isUncut as isUncutBy, markAt, markOfEnd, prepareCut, wasCut, type PreparedCut } from '../lines/cut-in-place.js';
import { makeLike } from './like-file.js';
import { HELD, lastRecord, nameFrom, namedAs, stayed, type AsideOutcome, type LogWork } from './log-work.js';
import { writersOf } from './log-writers.js';
import { identityOf, openFile } from './store-file.js';

const PIECE_BYTES = 2 ** 20;
const NEWLINE = 0x0a;
/** Looks for the end of what is written, before the file is emptied however fast it grows. */
const CATCHING_UP_MAX = 50;
const NS_PER_US = 1000;

const buffer = Buffer.allocUnsafe(PIECE_BYTES);

/** Copies what lies between two places to the end of another file. Errors: throws; the copy is then no copy. */
function copyBetween(from: number, start: number, end: number, to: number): void {
  for (let place = start; place < end; ) {
    const read = readSync(from, buffer, 0, Math.min(PIECE_BYTES, end - place), place);
    if (read === 0) throw new Error('the log became shorter while it was copied');
    for (let at = 0; at < read; ) at += writeSync(to, buffer, at, read - at, place + at);
    place += read;
  }
}

/** Where the last whole line before `size` ends; 0 where there is none. */
function wholeLines(fd: number, size: number): number {
  for (let end = size; end > 0; end -= PIECE_BYTES) {
    const start = Math.max(0, end - PIECE_BYTES);
    const length = readSync(fd, buffer, 0, end - start, start);
    const at = buffer.subarray(0, length).lastIndexOf(NEWLINE);
    if (at !== -1) return start + at + 1;
  }
  return 0;
}

interface Copy {
  readonly log: number;
  readonly copy: number;
}

/** Of what is not written over before it goes. */
const markOf = (log: number, end: number, block: number | null): string => markAt(log, 0, Math.min(end, block ?? end));

/** Whether what was copied still stands in the log, whole: who empties it and fills it again leaves it the same file. */
const isUncut = (work: LogWork, log: number, end: number): boolean => {
  const copied = lastRecord(work, 'log-copied');
  return copied !== undefined && fstatSync(log).size >= end && markOf(log, end, copied.block) === copied.mark && (copied.tail === undefined || markOfEnd(log, { start: 0, end }) === copied.tail);
};
const EMPTIED: AsideOutcome = { result: 'set-aside', note: 'another program emptied the log when it had been copied: what it holds now stays, and what came between is not known' };

/** Makes the copy, safe on the disk, and says so. `block` is null where the log is to be emptied rather than cut. */
function copyLog(work: LogWork, { log, copy }: Copy, end: number, block: number | null): void {
  ftruncateSync(copy, 0);
  copyBetween(log, 0, end, copy);
  fsyncSync(copy);
  work.watch('log-copying');
  work.journal.write({ kind: 'log-copied', log: work.number, end, block, mark: markOf(log, end, block), tail: markOfEnd(log, { start: 0, end }) });
  work.watch('log-copied');
}

/** Takes what was copied out of the log in whole blocks: who appends to it goes on at its new end, so that no line is lost and none stands in both. */
function cut(work: LogWork, log: number, end: number, block: number): AsideOutcome {
  const prepared = prepareCut(log, { start: 0, end }, block);
  work.watch('log-blanked');
  if (prepared === null) return { result: 'set-aside', note: '' };
  work.journal.write({ kind: 'log-cutting', log: work.number, cut: prepared });
  if (!isUncutBy(log, prepared)) return EMPTIED;
  return collapse(log, prepared, work);
}

function collapse(log: number, prepared: PreparedCut, work: LogWork): AsideOutcome {
  const failed = collapseCut(log, prepared);
  work.watch('log-cut');
  return { result: 'set-aside', note: failed === null ? '' : `what was copied could not be taken out of the log (${failed}) and stands in both` };
}

/** Where the first byte that is none of a hole stands, from a place on; the end of the file where there is none. */
function firstWritten(fd: number, from: number, size: number): number {
  for (let place = from; place < size; ) {
    const read = readSync(fd, buffer, 0, Math.min(PIECE_BYTES, size - place), place);
    const at = buffer.subarray(0, read).findIndex((byte) => byte !== 0);
    if (at !== -1 || read === 0) return place + Math.max(0, at);
    place += read;
  }
  return size;
}

/**
 * Bytes that were appended after the last look and before the cut, as far as the writers' own places tell. Who appends stands where it wrote last, and comes back to the beginning with its next line;
 * who writes at places of its own goes on there, and what lies before is a hole.
 */
function lostBytes(work: LogWork, log: number, copied: number): number {
  const writers = writersOf(work.identity);
  const { size } = fstatSync(log);
  return writers.reduce((most, { place, appends }) => {
    const until = appends || size <= copied ? (place > size ? place : copied) : firstWritten(log, copied, size);
    return Math.max(most, until - copied);
  }, 0);
}

/** Copies what came meanwhile until nothing does, and empties the log at once. */
function empty(work: LogWork, { log, copy }: Copy, end: number, loses: string): AsideOutcome {
  if (!isUncut(work, log, end)) return EMPTIED;
  let copied = end;
  let lookedAt = process.hrtime.bigint();
  for (let looks = 0; looks < CATCHING_UP_MAX; looks += 1) {
    const { size } = fstatSync(log);
    lookedAt = process.hrtime.bigint();
    if (size <= copied) break;
    copyBetween(log, copied, size, copy);
    copied = size;
  }
  work.watch('log-emptying');
  if (fstatSync(log).size < copied || !isUncut(work, log, end)) return EMPTIED;
  ftruncateSync(log, 0);
  const windowUs = Number(process.hrtime.bigint() - lookedAt) / NS_PER_US;
  work.watch('log-cut');
  const lost = lostBytes(work, log, copied);
  fsyncSync(copy);
  const told = lost > 0 ? `${lost} bytes that were appended in it are lost` : 'nothing was seen to be lost in it';
  return { result: 'set-aside', note: `the log was copied and emptied; between the last look and the cut lay ${windowUs.toFixed(0)} µs, and ${told}. The profile says: ${loses}`.slice(0, 500) };
}

/** What an earlier run left of a finished copy: a cut that was made already, or one that is to be made now. */
function goOn(work: LogWork, files: Copy, blockNow: number | null, how: CopyWay): AsideOutcome | null {
  const copied = lastRecord(work, 'log-copied');
  if (copied === undefined) return null;
  const cutting = lastRecord(work, 'log-cutting');
  if (cutting !== undefined) {
    const done = wasCut(files.log, cutting.cut);
    if (done === null) return { result: 'set-aside', note: 'an earlier run was cut short, and nobody can tell whether what was copied is still in the log as well' };
    return done ? { result: 'set-aside', note: '' } : collapse(files.log, cutting.cut, work);
  }
  const { size } = fstatSync(files.log);
  const block = blockNow === null ? null : copied.block;
  if (size < copied.end || markOf(files.log, copied.end, copied.block) !== copied.mark) return { result: 'set-aside', note: `an earlier run was cut short after it had emptied the log, so what was lost with it is not known. The profile says: ${how.loses}`.slice(0, 500) };
  if (block !== null) return cut(work, files.log, copied.end, block);
  ftruncateSync(files.copy, copied.end);
  return empty(work, files, copied.end, how.loses);
}

type CopyWay = Extract<RotateActive, { by: 'copy-truncate' }>;

/** Opens the copy that an earlier run of the order made, or makes one. */
function openCopy(work: LogWork, directory: Directory, log: number): { readonly fd: number; readonly name: string } | null {
  const earlier = lastRecord(work, 'log-copying');
  if (earlier !== undefined) {
    const fd = openFile(directory, nameFrom(earlier.generation), earlier, constants.O_RDWR);
    return fd === null ? null : { fd, name: nameFrom(earlier.generation) };
  }
  for (const name of work.names) {
    const fd = makeLike(log, directory, name);
    if (fd === null) continue;
    work.journal.write({ kind: 'log-copying', log: work.number, generation: namedAs(name), ...identityOf(fstatSync(fd)) });
    return { fd, name };
  }
  return null;
}

/** Takes away what an earlier run had copied, where the log itself is whole and stays. */
function dropCopy(work: LogWork, directory: Directory): void {
  const earlier = lastRecord(work, 'log-copying');
  const fd = earlier === undefined ? null : openFile(directory, nameFrom(earlier.generation), earlier, constants.O_RDONLY);
  if (earlier === undefined || fd === null) return;
  closeSync(fd);
  unlinkSync(entryPath(directory, nameFrom(earlier.generation)));
}

function withCopy(work: LogWork, directory: Directory, log: number, how: CopyWay): AsideOutcome {
  if (work.isHeld && lastRecord(work, 'log-copied') === undefined) {
    dropCopy(work, directory);
    return stayed(HELD);
  }
  const block = writersOf(work.identity).every(({ appends }) => appends) ? collapsibleBlock(directory) : null;
  const { size } = fstatSync(log);
  const end = block === null ? size : wholeLines(log, size);
  if (lastRecord(work, 'log-copied') === undefined && end <= (block ?? 0)) return stayed('the log is too small to be set aside');
  const copy = openCopy(work, directory, log);
  if (copy === null) return stayed('the copy of the log is gone, or the names it could get are taken; the log was left whole');
  try {
    const files = { log, copy: copy.fd };
    const gone = goOn(work, files, block, how);
    if (gone !== null) return gone;
    copyLog(work, files, end, block);
    if (!isUncut(work, log, end)) return EMPTIED;
    return block === null ? empty(work, files, end, how.loses) : cut(work, log, end, block);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (lastRecord(work, 'log-copied') !== undefined || code === undefined) throw cause;
    unlinkSync(entryPath(directory, copy.name)); // Half a copy; the log itself is whole.
    return stayed(`the log could not be copied (${code}); it was left whole`);
  } finally {
    closeSync(copy.fd);
  }
}

/**
 * Sets a log aside by a copy, for products that cannot be made to take a new file.
 * Where the file system can, and all writers append, the copied lines are then taken out of the log in place, which loses nothing; else the log is emptied, and what may be lost is measured and told.
 */
export function asideByCopy(work: LogWork, directory: Directory, how: CopyWay): AsideOutcome {
  const served = kernelServes(work.request.host);
  if (!served.ok) return stayed(served.error);
  const log = openFile(directory, work.place.name, work.identity, constants.O_RDWR);
  if (log === null) return stayed('the log was moved or replaced by somebody else meanwhile, and was left to them');
  try {
    return withCopy(work, directory, log, how);
  } finally {
    closeSync(log);
  }
}
