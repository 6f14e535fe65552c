import { closeSync, constants } from 'node:fs';
import type { Directory } from '@mailwarden/inventory-fs';
import type { Journal } from '../journal/journal.js';
import { writersOf } from '../logs/log-writers.js';
import { nameOfNow, openFile, withDeviceOfNow, withFolder } from '../logs/store-file.js';
import type { ApplyRequest } from '../rotate-request.js';
import { placeOf } from './chosen-lines.js';
import { cutFile } from './cut-file.js';
import { collapsibleBlock } from './cut-in-place.js';
import type { LineJudge } from './line-judge.js';
import type { ChosenLines } from './line-record.js';
import { leftToOthers, recordsAbout, untouched, type LinesGone, type LineWork, type Rest } from './line-work.js';
import { removeFile } from './remove-file.js';
import { closeWorkshop, openWorkshop } from './workshop.js';
import { forgetCopies, writeAnew } from './write-anew.js';

/** What is told where our own folder cannot be had: what an earlier run announced may have happened. */
const withoutWorkshop = (work: LineWork): LinesGone => (recordsAbout(work, 'lines-swapping').length > 0 ? leftToOthers(work) : untouched("the executor's own folder is open to others, or somebody else made it"));

/** In place where the file system can and all who write append; else what stays is written anew. A run that goes on keeps to the way that was begun. */
async function cutOrWrite(work: LineWork, workshop: () => Directory | null): Promise<LinesGone> {
  const begunInPlace = (['lines-blanking', 'lines-cutting', 'lines-cut'] as const).some((kind) => recordsAbout(work, kind).length > 0);
  const begunAnew = recordsAbout(work, 'lines-swapping').length > 0;
  const block = !begunAnew && (begunInPlace || writersOf(work.chosen).every(({ appends }) => appends)) ? collapsibleBlock(work.directory) : null;
  if (block !== null) {
    const fd = openFile(work.directory, work.place.name, work.chosen, constants.O_RDWR);
    if (fd === null) return leftToOthers(work);
    try {
      return cutFile(work, fd, block);
    } finally {
      closeSync(fd);
    }
  }
  const own = workshop();
  return own === null ? withoutWorkshop(work) : writeAnew(work, own);
}

/** Of a file whose lines stay nothing was begun. */
const NOT_BEGINNING: ReadonlySet<string> = new Set(['lines-done', 'lines-staying', 'lines-writing']);
const isBegun = (journal: Journal, number: number): boolean => journal.records.some((record) => !NOT_BEGINNING.has(record.kind) && record.kind.startsWith('lines-') && 'file' in record && record.file === number);

/** How an order is carried out. */
export interface LinePacing {
  /** Says before each file why no other is begun; null where one may be. */
  readonly mayBegin: () => string | null;
  /** Keeps the order to its pace: lines leave a file in one step, and what they have earned is rested for before the next file. */
  readonly rest: Rest;
  /** Of an order that goes on; null in the run that chose. */
  readonly judge: LineJudge | null;
}

async function oneFile(request: ApplyRequest, order: string, journal: Journal, number: number, chosen: ChosenLines, { rest, judge }: LinePacing): Promise<LinesGone | null> {
  const place = placeOf(chosen);
  return withFolder(request.host, place, async (directory) => {
    const name = isBegun(journal, number) ? nameOfNow(directory, place.name, chosen) : place.name;
    let workshop: Directory | null = null;
    const open = (): Directory | null => (workshop ??= openWorkshop(directory, order, journal));
    try {
      const own = isBegun(journal, number) ? open() : null;
      const places = [{ directory, name }, ...(own === null ? [] : [{ directory: own, name: String(number) }])];
      const work: LineWork = { request, order, journal, number, chosen: withDeviceOfNow(chosen, places), place: { ...place, name }, directory, watch: request.watch ?? (() => undefined), rest, judge };
      if (chosen.stretches.length > 0) return await cutOrWrite(work, open);
      const ours = open();
      return ours === null ? withoutWorkshop(work) : await removeFile(work, ours);
    } finally {
      if (workshop !== null) closeWorkshop(directory, workshop, order);
    }
  });
}

/**
 * Brings the chosen files of an order to their end, the oldest first, those that an earlier run began among them.
 * Returns why it stopped before the end; null when it did not. Errors: throws when the journal cannot be written, or a file that was begun cannot be ended now.
 */
export async function carryOutLines(request: ApplyRequest, order: string, journal: Journal, how: LinePacing): Promise<string | null> {
  const files = journal.records.find((record) => record.kind === 'lines-chosen')?.files ?? [];
  const done = new Set(journal.records.flatMap((record) => (record.kind === 'lines-done' ? [record.file] : [])));
  for (const [number, chosen] of files.entries()) {
    if (done.has(number)) continue;
    const stopped = isBegun(journal, number) ? null : how.mayBegin();
    if (stopped !== null) {
      await forgetCopies(request.host, order, journal);
      return stopped;
    }
    const gone = (await oneFile(request, order, journal, number, chosen, how)) ?? leftToOthers({ journal, number, chosen });
    journal.write({ kind: 'lines-done', file: number, ...gone });
    request.watch?.('lines-done');
    if (number < files.length - 1) await how.rest(gone.bytes, gone.records);
  }
  return null;
}
