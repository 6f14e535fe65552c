import { constants, closeSync, fstatSync, fsyncSync, unlinkSync } from 'node:fs';
import { entryPath, type Directory } from '@mailwarden/inventory-fs';
import { moveToFreeName } from '@mailwarden/linux';
import { writersOf } from '../logs/log-writers.js';
import { openFile } from '../logs/store-file.js';
import { NOT_THAT_FILE, recordsAbout, untouched, type LinesGone, type LineWork } from './line-work.js';

/** Whether what lies under our own name is the very file that was planned, whole and unchanged. */
function isPlanned({ chosen }: LineWork, workshop: Directory, name: string): boolean {
  const fd = openFile(workshop, name, chosen, constants.O_RDONLY);
  if (fd === null) return false;
  const { size, mtimeMs } = fstatSync(fd);
  closeSync(fd);
  return size === chosen.size && mtimeMs === chosen.mtimeMs;
}

/** Deletes a generation all of whose lines leave: it is moved into our own folder, looked at there, and unlinked, or put back. */
export function removeFile(work: LineWork, workshop: Directory): LinesGone {
  const [from, own] = [{ folder: work.directory.fd, name: work.place.name }, { folder: workshop.fd, name: String(work.number) }];
  const gone: LinesGone = { records: work.chosen.records, bytes: work.chosen.bytes, note: '' };
  const isOurs = recordsAbout(work, 'lines-swapping').length > 0;
  const isIn = isPlanned(work, workshop, own.name);
  if (isOurs && !isIn) return gone; // An earlier run came as far as to unlink it.
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
