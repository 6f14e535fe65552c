import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, unlinkSync, writeSync, type Stats } from 'node:fs';
import { entryNames, entryPath, statEntry, type Directory } from '@mailwarden/inventory-fs';
import { exchangeNames, FolderHand } from '@mailwarden/linux';
import { putBack } from '../files/put-back.js';
import { makeLike } from '../logs/like-file.js';
import { writersOf } from '../logs/log-writers.js';
import { prepareReopening, REOPEN_MS_MAX, waitUntilLeft, type Reopening } from '../logs/reopen.js';
import { identityOf, isSameFile, nameOfNow, openFile, withDeviceOfNow, withFolder, type FileIdentity } from '../logs/store-file.js';
import type { Journal } from '../journal/journal.js';
import { placeOf } from './chosen-lines.js';
import { isAsPlanned } from './line-marks.js';
import { closeWorkshop, findWorkshop } from './workshop.js';
import { kept, NOT_THAT_FILE, recordsAbout, untouched, type LinesGone, type LineWork, type Rest } from './line-work.js';

const PIECE_BYTES = 2 ** 20;
const buffer = Buffer.allocUnsafe(PIECE_BYTES);
const BLOCK_BYTES = 512;

async function copyBetween(from: number, start: number, end: number, to: number, rest: Rest): Promise<void> {
  for (let place = start; place < end; ) {
    const read = readSync(from, buffer, 0, Math.min(PIECE_BYTES, end - place), place);
    if (read === 0) throw new Error('a file became shorter while it was copied');
    for (let at = 0; at < read; ) at += writeSync(to, buffer, at, read - at);
    place += read;
    await rest(read, 0);
  }
}

const isAt = (directory: Directory, name: string, identity: FileIdentity): boolean => {
  try {
    return isSameFile(statEntry(directory, name), identity);
  } catch {
    return false;
  }
};

/** Takes away what a run wrote that was cut short, or that came to nothing: copies of what stands in the store. Safety: by its identity, for another file may have come under its name. */
function forgetCopy(work: Pick<LineWork, 'journal' | 'number'>, workshop: Directory): void {
  const name = String(work.number);
  if (!recordsAbout(work, 'lines-writing').some((written) => isAt(workshop, name, written))) return;
  unlinkSync(entryPath(workshop, name));
  fsyncSync(workshop.fd);
}

/** The same for all files that an order did not come to change, where it ends before them. */
export async function forgetCopies(host: LineWork['request']['host'], order: string, journal: Journal): Promise<void> {
  const files = journal.records.find((record) => record.kind === 'lines-chosen')?.files ?? [];
  const ended = new Set(journal.records.flatMap((record) => (record.kind === 'lines-done' || record.kind === 'lines-swapping' ? [record.file] : [])));
  for (const number of new Set(journal.records.flatMap((record) => (record.kind === 'lines-writing' && !ended.has(record.file) ? [record.file] : [])))) {
    const chosen = files[number];
    if (chosen === undefined) continue;
    await withFolder(host, placeOf(chosen), (directory) => {
      const workshop = findWorkshop(directory, order, journal);
      if (workshop === null) return;
      forgetCopy({ journal, number }, workshop);
      closeWorkshop(directory, workshop, order);
    });
  }
}

/** Writes what stays into a new file like the old one, at the order's pace. Returns up to where the old one was read. */
async function writeKept(work: LineWork, old: number, workshop: Directory): Promise<{ readonly made: Stats; readonly from: number }> {
  const name = String(work.number);
  forgetCopy(work, workshop);
  const fd = makeLike(old, workshop, name);
  if (fd === null) throw new Error('our own folder of the store holds what nobody put there');
  try {
    work.journal.write({ kind: 'lines-writing', file: work.number, ...identityOf(fstatSync(fd)) });
    let kept = 0;
    for (const { start, end } of work.chosen.stretches) {
      await copyBetween(old, kept, start, fd, work.rest);
      kept = end;
    }
    const { size } = fstatSync(old);
    await copyBetween(old, kept, size, fd, work.rest);
    fsyncSync(fd);
    return { made: fstatSync(fd), from: size };
  } finally {
    closeSync(fd);
  }
}

/** Where the piece that was to be carried over stands in the new file, if an earlier run wrote it. */
function wasCarried(old: number, fresh: number, { at, from, to }: { readonly at: number; readonly from: number; readonly to: number }): boolean {
  const piece = Buffer.alloc(to - from);
  readSync(old, piece, 0, piece.length, from);
  const written = Buffer.alloc(Math.max(0, fstatSync(fresh).size - at));
  readSync(fresh, written, 0, written.length, at);
  return written.includes(piece);
}

/** Appends to the new file what came into the old one after it was read, piece by piece. Returns how much it was. */
function carryOver(work: LineWork, old: number, fresh: number, from: number): number {
  const earlier = recordsAbout(work, 'lines-carrying').at(-1);
  let place = earlier === undefined ? from : wasCarried(old, fresh, earlier) ? earlier.to : earlier.from;
  for (const { size } = fstatSync(old); place < size; ) {
    const read = readSync(old, buffer, 0, Math.min(PIECE_BYTES, size - place), place);
    if (read === 0) break;
    work.journal.write({ kind: 'lines-carrying', file: work.number, at: fstatSync(fresh).size, from: place, to: place + read });
    for (let at = 0; at < read; ) at += writeSync(fresh, buffer, at, read - at);
    place += read;
  }
  fsyncSync(fresh);
  return place - from;
}

function finish(work: LineWork, workshop: Directory, from: number, made: FileIdentity): LinesGone {
  const old = openFile(workshop, String(work.number), work.chosen, constants.O_RDONLY);
  if (old === null) return { records: work.chosen.records, bytes: work.chosen.bytes, note: '' }; // An earlier run came as far as to unlink it.
  const fresh = openSync(entryPath(work.directory, nameOfNow(work.directory, work.place.name, made)), constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!isSameFile(fstatSync(fresh), made)) throw new Error('the file that was written anew was replaced by somebody else; what it replaced lies in our own folder of the store');
    const carried = carryOver(work, old, fresh, from);
    work.watch('lines-carried');
    const bytes = Math.max(0, (fstatSync(old).blocks - fstatSync(fresh).blocks) * BLOCK_BYTES);
    unlinkSync(entryPath(workshop, String(work.number)));
    fsyncSync(workshop.fd);
    fsyncSync(work.directory.fd);
    return { records: work.chosen.records, bytes, note: carried > 0 ? `${carried} bytes that came while a file was written anew were carried over to its end` : '' };
  } finally {
    closeSync(old);
    closeSync(fresh);
  }
}

/** The product goes on with its old file: that gets its name back, and nothing has happened. */
function turnBack(work: LineWork, workshop: Directory, made: FileIdentity): LinesGone {
  const [active, own] = [{ folder: work.directory.fd, name: nameOfNow(work.directory, work.place.name, made) }, { folder: workshop.fd, name: String(work.number) }];
  if (writersOf(made).length > 0 || !isAt(work.directory, active.name, made) || exchangeNames(active, own) !== null) throw new Error('a part of the product goes on with a file that was written anew, another with the new one: the order stays open, and goes on when the product was started anew');
  unlinkSync(entryPath(workshop, own.name));
  return untouched('the product did not take its new file: the old one has its name back, and no line left');
}

/** Whether what lies in our own folder is a file of somebody else, which a run took for the planned one and never came to give back. */
const isStrange = (work: LineWork, workshop: Directory): boolean => entryNames(workshop).includes(String(work.number)) && !isAt(workshop, String(work.number), work.chosen);

/** The same, of a run that wrote its own copy, which is not there any more. */
const isStrangeCopy = (work: LineWork, workshop: Directory, made: FileIdentity): boolean => isStrange(work, workshop) && !isAt(workshop, String(work.number), made);

/** The planned file was somewhere else when the two names changed places, or they never did: who lies in our own folder gets its name back, or one beside it, and our copy goes. Errors: throws where a file of somebody else cannot be given back now. */
function takeBack(work: LineWork, workshop: Directory, made: FileIdentity): LinesGone {
  const own = { folder: workshop, name: String(work.number) };
  const asked = placeOf(work.chosen).name;
  const name = nameOfNow(work.directory, asked, made);
  if (!isAt(workshop, own.name, made)) {
    const isBack = isAt(work.directory, name, made) && exchangeNames({ folder: work.directory.fd, name }, { folder: workshop.fd, name: own.name }) === null;
    if (!isBack) putBack(new FolderHand(), own, work.directory, work.directory, asked, `${work.order}-${work.number}`);
    fsyncSync(workshop.fd);
    fsyncSync(work.directory.fd);
  }
  forgetCopy(work, workshop);
  return untouched(NOT_THAT_FILE);
}

async function swap(work: LineWork, workshop: Directory, reopening: Reopening): Promise<LinesGone> {
  const earlier = recordsAbout(work, 'lines-swapping').at(-1);
  let swapping = earlier === undefined ? undefined : withDeviceOfNow(earlier, [{ directory: work.directory, name: nameOfNow(work.directory, work.place.name, earlier) }]);
  const name = String(work.number);
  if (swapping === undefined || (isAt(work.directory, work.place.name, work.chosen) && !isStrangeCopy(work, workshop, swapping))) {
    const old = openFile(work.directory, work.place.name, work.chosen, constants.O_RDONLY);
    if (old === null) return untouched(NOT_THAT_FILE);
    try {
      if (!isAsPlanned(old, work.chosen)) return untouched(NOT_THAT_FILE);
      const reason = work.judge?.stretches(old, work.chosen).find((found) => found !== null) ?? null;
      if (reason !== null) {
        forgetCopy(work, workshop);
        return kept(reason, work.chosen.records);
      }
      const { made, from } = await writeKept(work, old, workshop);
      work.watch('lines-written');
      swapping = { kind: 'lines-swapping', file: work.number, ...identityOf(made), from };
      work.journal.write(swapping);
    } finally {
      closeSync(old);
    }
    const failed = exchangeNames({ folder: work.directory.fd, name: work.place.name }, { folder: workshop.fd, name });
    if (failed !== null) {
      forgetCopy(work, workshop);
      return untouched(`a file could not be given its new content (${failed})`);
    }
    fsyncSync(work.directory.fd);
    if (!isAt(workshop, name, work.chosen)) {
      return takeBack(work, workshop, swapping);
    }
  }
  if (isAt(workshop, name, swapping) || isStrange(work, workshop)) return takeBack(work, workshop, swapping);
  work.watch('lines-swapped');
  const timeoutMs = Math.min(REOPEN_MS_MAX, work.request.bounds.deadlineSeconds * 1000);
  const isLeft = !isAt(workshop, name, work.chosen) || ((await reopening.tell()) === null && (await waitUntilLeft(work.chosen, timeoutMs)));
  return isLeft ? finish(work, workshop, swapping.from, swapping) : turnBack(work, workshop, swapping);
}

/**
 * Takes lines out of a file by writing what stays into a new one, which then takes its name in one step; the product is told to open it, and what it wrote meanwhile is carried over.
 * Safety: the old file is kept in our own folder until nobody writes to it any more and all that came into it stands in the new one.
 */
export async function writeAnew(work: LineWork, workshop: Directory): Promise<LinesGone> {
  const how = work.request.store.rotateActive;
  if (how === null || how.by === 'copy-truncate') {
    if (writersOf(work.chosen).length > 0) return untouched('lines cannot be taken out in place on this file system, and the profile does not say how the product takes a new file: it stays as it is while it is written');
    return swap(work, workshop, { tell: () => Promise.resolve(null), close: () => undefined });
  }
  const reopening = await prepareReopening(work.request, work.chosen, how);
  if (!reopening.ok) return untouched(`no line left: ${reopening.error}`);
  try {
    return await swap(work, workshop, reopening.value);
  } finally {
    reopening.value.close();
  }
}
