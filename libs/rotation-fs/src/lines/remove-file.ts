import type { SkipReason } from '@mailwarden/contracts';
import { constants, closeSync, fstatSync, fsyncSync, unlinkSync } from 'node:fs';
import { entryPath, type Directory } from '@mailwarden/inventory-fs';
import { moveToFreeName } from '@mailwarden/linux';
import { writersOf } from '../logs/log-writers.js';
import { openFile } from '../logs/store-file.js';
import { kept, NOT_THAT_FILE, recordsAbout, untouched, type LinesGone, type LineWork } from './line-work.js';

/** Whether what lies under our own name is the very file that was planned, whole and unchanged. */
function isPlanned({ chosen }: LineWork, workshop: Directory, name: string): boolean {
  const fd = openFile(workshop, name, chosen, constants.O_RDONLY);
  if (fd === null) return false;
  const { size, mtimeMs } = fstatSync(fd);
  closeSync(fd);
  return size === chosen.size && mtimeMs === chosen.mtimeMs;
}

/** Why a generation must stay by now, in a run that goes on; null where it may go. */
async function whyStays({ chosen, judge }: LineWork, directory: Directory, name: string): Promise<SkipReason | null> {
  const fd = judge === null ? null : openFile(directory, name, chosen, constants.O_RDONLY);
  if (fd === null) return null;
  try {
    return (await judge?.whole(fd, chosen)) ?? null;
  } finally {
    closeSync(fd);
  }
}

/** Gives a generation that must stay its place back. What was decided stands, so that it is never told as deleted because it does not lie in our own folder any more. */
function giveBack(work: LineWork, workshop: Directory, reason: SkipReason): LinesGone {
  if (recordsAbout(work, 'lines-returning').length === 0) work.journal.write({ kind: 'lines-returning', file: work.number, reason });
  work.watch('lines-returning');
  const failed = moveToFreeName({ folder: workshop.fd, name: String(work.number) }, { folder: work.directory.fd, name: work.place.name });
  if (failed !== null) throw new Error(`a generation that must stay could not be put back (${failed}); it lies in our own folder of the store, and the order goes on when its name is free`);
  fsyncSync(work.directory.fd);
  work.watch('lines-returned');
  return kept(reason, work.chosen.records);
}

/** Deletes a generation all of whose lines leave: it is moved into our own folder, looked at there, and unlinked, or put back. One that an earlier run moved there and that must stay by now is put back as well. */
export async function removeFile(work: LineWork, workshop: Directory): Promise<LinesGone> {
  const [from, own] = [{ folder: work.directory.fd, name: work.place.name }, { folder: workshop.fd, name: String(work.number) }];
  const gone: LinesGone = { records: work.chosen.records, bytes: work.chosen.bytes, note: '' };
  const isOurs = recordsAbout(work, 'lines-swapping').length > 0;
  const isIn = isPlanned(work, workshop, own.name);
  const [returning] = recordsAbout(work, 'lines-returning');
  if (returning !== undefined) return isIn ? giveBack(work, workshop, returning.reason) : kept(returning.reason, work.chosen.records);
  if (isOurs && !isIn) return gone; // An earlier run came as far as to unlink it.
  const reason = isIn ? await whyStays(work, workshop, own.name) : await whyStays(work, work.directory, work.place.name);
  if (reason !== null) return isIn ? giveBack(work, workshop, reason) : kept(reason, work.chosen.records);
  if (!isIn) {
    if (writersOf(work.chosen).length > 0) return untouched('a generation is still being written, and stays');
    const failed = moveToFreeName(from, own);
    if (failed !== null) return untouched(NOT_THAT_FILE);
    if (!isPlanned(work, workshop, own.name)) {
      if (moveToFreeName(own, from) !== null) throw new Error('a file that is not the planned one could not be put back: its name was taken; it lies in our own folder of the store');
      return untouched(NOT_THAT_FILE);
    }
  }
  if (!isOurs) work.journal.write({ kind: 'lines-swapping', file: work.number, dev: work.chosen.dev, ino: work.chosen.ino, bornMs: work.chosen.bornMs, from: work.chosen.size });
  work.watch('lines-swapped');
  unlinkSync(entryPath(workshop, own.name));
  fsyncSync(work.directory.fd);
  return gone;
}
