import type { SkipReason } from '@mailwarden/contracts';
import { constants, closeSync, fstatSync, fsyncSync, unlinkSync } from 'node:fs';
import { closeDirectory, entryPath, openDirectoryBeneath, statEntry, type Directory } from '@mailwarden/inventory-fs';
import { FolderHand, moveToFreeName } from '@mailwarden/linux';
import { besideName, putBack } from '../files/put-back.js';
import { writersOf } from '../logs/log-writers.js';
import { isSameFile, openFile } from '../logs/store-file.js';
import { kept, NOT_THAT_FILE, recordsAbout, untouched, type LinesGone, type LineWork } from './line-work.js';

const RETURNED_BESIDE = 'a generation was put back from our own folder, and its name was taken: it lies beside it, or in the first folder of the store, under a name that ends in "returned-", the order and a number';
const BEING_WRITTEN = 'a generation is still being written, and stays';
const markOf = ({ order, number }: LineWork): string => `${order}-${number}`;

/** Whether the planned file lies in a folder, as in our own. Whoever had it open may have changed it there, and it is ours to give back all the same. Errors: throws where nobody can tell. */
function isTakenIn({ chosen }: LineWork, workshop: Directory, name: string): boolean {
  try {
    return isSameFile(statEntry(workshop, name), chosen);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw cause;
  }
}

/** Why a generation must stay by now, or is not the planned one any more, whole and unchanged; null where it may go. What was changed is not read: it may be damaged. */
async function whyStays({ chosen, judge }: LineWork, directory: Directory, name: string): Promise<SkipReason | null> {
  const fd = openFile(directory, name, chosen, constants.O_RDONLY);
  if (fd === null) return 'changed-since-plan';
  try {
    const { size, mtimeMs } = fstatSync(fd);
    if (size !== chosen.size || mtimeMs !== chosen.mtimeMs) return 'changed-since-plan';
    return (await judge?.whole(fd, chosen)) ?? null;
  } finally {
    closeSync(fd);
  }
}

/** Brings back to the store what lies in our own folder, under its name or beside it. Returns what is to be told of that; empty where it has its name. Errors: throws where no name could be given; the order then goes on later. */
function bringBack(work: LineWork, workshop: Directory): string {
  const opened = openDirectoryBeneath(work.request.host.root, work.place.root);
  if (!opened.ok) throw new Error(`a generation that must stay could not be put back, since the store's folder cannot be opened (${opened.error}); it lies in our own folder of the store, and the order goes on when that is mended`);
  const storeRoot = opened.value.directory;
  try {
    const hasItsName = putBack(new FolderHand(), { folder: workshop, name: String(work.number) }, work.directory, storeRoot, work.place.name, markOf(work));
    fsyncSync(work.directory.fd);
    fsyncSync(storeRoot.fd);
    return hasItsName ? '' : RETURNED_BESIDE;
  } finally {
    closeDirectory(storeRoot);
  }
}

/** Gives a generation that must stay its place back. What was decided stands, so that it is never told as deleted because it does not lie in our own folder any more. */
function giveBack(work: LineWork, workshop: Directory, reason: SkipReason): LinesGone {
  if (recordsAbout(work, 'lines-returning').length === 0) work.journal.write({ kind: 'lines-returning', file: work.number, reason });
  work.watch('lines-returning');
  const note = bringBack(work, workshop);
  work.watch('lines-returned');
  return { ...kept(reason, work.chosen.records), note };
}

/** Of a generation that an earlier run gave back. */
const givenBack = (work: LineWork, reason: SkipReason): LinesGone => ({ ...kept(reason, work.chosen.records), note: work.place.name.endsWith(besideName(markOf(work))) ? RETURNED_BESIDE : '' });

/** Takes the planned file into our own folder. Returns what is told where that is not to be had; null where it lies there. */
async function takeIn(work: LineWork, workshop: Directory): Promise<LinesGone | null> {
  const reason = await whyStays(work, work.directory, work.place.name);
  const isWritten = writersOf(work.chosen).length > 0;
  if (reason !== null && reason !== 'changed-since-plan') return kept(reason, work.chosen.records);
  if (isWritten) return untouched(BEING_WRITTEN);
  const own = String(work.number);
  const isTaken = reason === null && moveToFreeName({ folder: work.directory.fd, name: work.place.name }, { folder: workshop.fd, name: own }) === null;
  if (!isTaken) return untouched(NOT_THAT_FILE);
  if ((await whyStays({ ...work, judge: null }, workshop, own)) === null) {
    // The journal may lie on another disk: what it says next must hold here, too.
    fsyncSync(workshop.fd);
    fsyncSync(work.directory.fd);
    return null;
  }
  const note = bringBack(work, workshop);
  return untouched(note === '' ? NOT_THAT_FILE : `${NOT_THAT_FILE}; ${note}`);
}

/** Deletes a generation all of whose lines leave: it is moved into our own folder, looked at there, and unlinked, or put back. One that an earlier run moved there and that must stay by now, or was changed there, is put back as well. */
export async function removeFile(work: LineWork, workshop: Directory): Promise<LinesGone> {
  const own = String(work.number);
  const gone: LinesGone = { records: work.chosen.records, bytes: work.chosen.bytes, note: '' };
  const isOurs = recordsAbout(work, 'lines-swapping').length > 0;
  const isIn = isTakenIn(work, workshop, own);
  const [returning] = recordsAbout(work, 'lines-returning');
  if (returning !== undefined) return isIn ? giveBack(work, workshop, returning.reason) : givenBack(work, returning.reason);
  // A power cut may have undone the move; else an earlier run came as far as to unlink it.
  if (isOurs && !isIn && !isTakenIn(work, work.directory, work.place.name)) return gone;
  const reason = isIn ? await whyStays(work, workshop, own) : null;
  if (reason !== null) return giveBack(work, workshop, reason);
  const stays = isIn ? null : await takeIn(work, workshop);
  if (stays !== null) return stays;
  if (!isOurs) work.journal.write({ kind: 'lines-swapping', file: work.number, dev: work.chosen.dev, ino: work.chosen.ino, bornMs: work.chosen.bornMs, from: work.chosen.size });
  work.watch('lines-swapped');
  unlinkSync(entryPath(workshop, own));
  fsyncSync(workshop.fd);
  fsyncSync(work.directory.fd);
  return gone;
}
