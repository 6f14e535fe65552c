import { createReadStream, readSync } from 'node:fs';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { BytePath } from '@mailwarden/inventory';
import type { Span } from '@mailwarden/rotation';
import { LINE_HEAD_MAX, momentOfRecord } from '@mailwarden/rotation-rules';
import { localMoment } from './local-moment.js';

const PIECE_BYTES = 2 ** 20;
const NEWLINE = 0x0a;
const SPACE = 0x20;
/** Endings that can be unpacked here, and those that cannot. */
const UNPACKING = { '.gz': createGunzip, '.zst': createZstdDecompress } as const;
const PACKED = ['.xz', '.bz2', '.lz4', '.lzma', '.Z', '.zip'];
/** What of a file's end is looked through for the moment of its last line. Units: bytes. */
const TAIL_BYTES = 65_536;

const buffer = Buffer.allocUnsafe(PIECE_BYTES);

export type Packing = 'plain' | keyof typeof UNPACKING | 'unreadable';
/** What was put behind the name of a generation that went back beside it. */
const RETURNED = /\.returned-[0-9a-f-]+-[0-9]+$/;

/** How a generation is packed, as its name says; also under a name beside its own, since its content is the same. */
export function packingOf(given: BytePath): Packing {
  const name = given.replace(RETURNED, '');
  if (name.endsWith('.gz')) return '.gz';
  if (name.endsWith('.zst')) return '.zst';
  return PACKED.some((ending) => name.endsWith(ending)) ? 'unreadable' : 'plain';
}

/** Moments of lines one after the other: many lines of one second are read once, and what says nothing of its own belongs to the line before it. */
export class LineMoments {
  #text = '';
  #atMs = Number.NaN;

  constructor(private readonly mtimeMs: number) {}

  of(head: string): number {
    const text = head.slice(0, MOMENT_LENGTH);
    if (text === this.#text) return this.#atMs;
    this.#text = text;
    this.#atMs = momentOfRecord(head, this.mtimeMs, localMoment) ?? this.#atMs;
    return this.#atMs;
  }
}
/** As many characters tell the moment of a line to the second, in every form. */
const MOMENT_LENGTH = 40;

/** Whole lines of a file from the one that begins at `from` up to `size`. `take` returns false to end; what follows the last newline is no line yet. Memory: one piece, however long a line is. */
export function eachLine(fd: number, from: number, size: number, withHeads: boolean, take: (start: number, end: number, head: string) => boolean): void {
  let [start, head] = [from, ''];
  for (let place = from; place < size; ) {
    const read = readSync(fd, buffer, 0, Math.min(PIECE_BYTES, size - place), place);
    if (read === 0) return;
    const piece = buffer.subarray(0, read);
    let begun = 0;
    for (let at = piece.indexOf(NEWLINE); at !== -1; at = piece.indexOf(NEWLINE, begun)) {
      if (withHeads) head += piece.toString('latin1', begun, Math.min(at, begun + LINE_HEAD_MAX - head.length));
      const end = place + at + 1;
      if (!take(start, end, head)) return;
      [start, head, begun] = [end, '', at + 1];
    }
    if (withHeads && head.length < LINE_HEAD_MAX) head += piece.toString('latin1', begun, Math.min(read, begun + LINE_HEAD_MAX - head.length));
    place += read;
  }
}

/** What a cut left in the place of lines: spaces and the end of a line, at the beginning of a file. It is no record. */
const blankIn = (piece: Buffer): number => {
  const end = piece.indexOf(NEWLINE);
  return end !== -1 && piece.subarray(0, end).every((byte) => byte === SPACE) ? end + 1 : 0;
};

/** How long that is; 0 where there is none. */
export const blankHead = (fd: number): number => blankIn(buffer.subarray(0, readSync(fd, buffer, 0, PIECE_BYTES, 0)));

const linesIn = (piece: Buffer): number => {
  let lines = 0;
  for (let at = piece.indexOf(NEWLINE); at !== -1; at = piece.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
};

/** Lines of a file that end between two places, an empty one at its head left out. */
export function countLines(fd: number, from: number, size: number): number {
  let records = 0;
  for (let place = from; place < size; ) {
    const read = readSync(fd, buffer, 0, Math.min(PIECE_BYTES, size - place), place);
    if (read === 0) break;
    const piece = buffer.subarray(0, read);
    records += linesIn(piece) - (place === 0 && blankIn(piece) > 0 ? 1 : 0);
    place += read;
  }
  return records;
}

/** The first and the last moment that a file's own lines tell of; NaN where none does. */
export function spanOfLines(fd: number, size: number, mtimeMs: number): { readonly oldestMs: number; readonly newestMs: number } {
  let oldestMs = Number.NaN;
  const moments = new LineMoments(mtimeMs);
  eachLine(fd, 0, Math.min(size, TAIL_BYTES), true, (_start, _end, head) => Number.isNaN((oldestMs = moments.of(head))));
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
  readSync(fd, tail, 0, tail.length, size - tail.length);
  const last = new LineMoments(mtimeMs);
  const newestMs = tail.toString('latin1').split('\n').reduce((_at, line) => last.of(line.slice(0, LINE_HEAD_MAX)), Number.NaN);
  return { oldestMs, newestMs };
}

/** What the lines of a packed generation tell. Units: milliseconds since 1970. */
export interface PackedLines {
  readonly records: number;
  /** The earliest and the latest moment that any line tells of; NaN where none does. Lines before the first that does count as no older than the last change of the file. */
  readonly oldestMs: number;
  readonly newestMs: number;
  /** From the earliest to the latest moment that a line of it can be of; NaN where no line tells of one. */
  readonly told: Span;
}

/** Gathers the moments of lines in any order. */
class MomentsOfAll {
  #oldestMs = Infinity;
  #newestMs = -Infinity;
  #someUnknown = false;

  constructor(private readonly mtimeMs: number) {}

  add(atMs: number): void {
    if (Number.isNaN(atMs)) this.#someUnknown = true;
    else {
      this.#oldestMs = Math.min(this.#oldestMs, atMs);
      this.#newestMs = Math.max(this.#newestMs, atMs);
    }
  }

  get all(): Omit<PackedLines, 'records'> {
    if (this.#newestMs === -Infinity) return { oldestMs: Number.NaN, newestMs: Number.NaN, told: NOTHING_TOLD };
    const newestMs = this.#someUnknown ? Math.max(this.#newestMs, this.mtimeMs) : this.#newestMs;
    return { oldestMs: this.#oldestMs, newestMs, told: { fromMs: this.#someUnknown ? -Infinity : this.#oldestMs, untilMs: newestMs } };
  }
}
export const NOTHING_TOLD: Span = { fromMs: Number.NaN, untilMs: Number.NaN };

/** Lines of a packed generation, in whatever order they stand. Errors: throws where it is damaged. */
export async function countPacked(fd: number, packing: keyof typeof UNPACKING, mtimeMs: number): Promise<PackedLines> {
  let [records, rest] = [0, ''];
  const [moments, all] = [new LineMoments(mtimeMs), new MomentsOfAll(mtimeMs)];
  const source = createReadStream('', { fd, autoClose: false, start: 0 });
  const unpacked = source.pipe(UNPACKING[packing]());
  source.on('error', (cause) => unpacked.destroy(cause));
  for await (const piece of unpacked as AsyncIterable<Buffer>) {
    const lines = (rest + piece.toString('latin1')).split('\n');
    rest = (lines.pop() ?? '').slice(0, LINE_HEAD_MAX);
    records += lines.length;
    for (const line of lines) all.add(moments.of(line.slice(0, LINE_HEAD_MAX)));
  }
  // What has no end is no record, and leaves with the others all the same.
  if (rest !== '') all.add(moments.of(rest));
  return { records, ...all.all };
}
