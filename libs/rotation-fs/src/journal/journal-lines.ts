import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** A journal that says something that this version did not write. Nothing may be deleted on its word, and nothing it says may be thrown away. */
export class JournalDamaged extends Error {
  constructor(path: string, line: number) {
    super(`${path}:${line} cannot be read: the journal is damaged. Nothing was deleted; keep the file, compare it with the store, and move it away before the order is given again`);
    this.name = 'JournalDamaged';
  }
}

/** A journal that could not be written to, now or before in this run: nothing more is announced, so nothing more is done. */
export class JournalUnwritable extends Error {
  constructor(path: string, cause: unknown) {
    super(`${path} cannot be written to (${(cause as Error).message}): the order stops here, stays open, and goes on when its disk has room again`, { cause });
    this.name = 'JournalUnwritable';
  }
}

const CHECK_LENGTH = 8;
const checkOf = (json: string): string => crc32(json).toString(16).padStart(CHECK_LENGTH, '0');

/** One record as a line: its CRC-32 and its JSON. */
export function lineOf(record: unknown): string {
  const json = JSON.stringify(record);
  return `${checkOf(json)} ${json}\n`;
}

/** Read at once. Units: bytes. */
const CHUNK_BYTES = 1_048_576;
const NEWLINE = 0x0a;

/** What a line says, without its end; null where it is not what was written. */
export function recordOfLine<T>(line: string): T | null {
  const json = line.slice(CHECK_LENGTH + 1);
  return line[CHECK_LENGTH] !== ' ' || line.slice(0, CHECK_LENGTH) !== checkOf(json) ? null : (JSON.parse(json) as T);
}

function recordOf<T>(line: string, path: string, number: number): T {
  const record = recordOfLine<T>(line);
  if (record === null) throw new JournalDamaged(path, number);
  return record;
}

/** Reads whole lines of an open file, one after the other, each with the place where it ends. Errors: throws `JournalDamaged` at the first that is not what was written. */
export function* recordsIn<T>(fd: number, path: string): Generator<{ readonly record: T; readonly end: number }, void, void> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let [at, number, end] = [0, 0, 0];
  let pieces: Buffer[] = [];
  for (let read = readSync(fd, chunk, 0, CHUNK_BYTES, at); read > 0; read = readSync(fd, chunk, 0, CHUNK_BYTES, at)) {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to !== -1 && to < read; to = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...pieces, chunk.subarray(from, to)]).toString('utf8');
      pieces = [];
      from = to + 1;
      end = at + from;
      yield { record: recordOf<T>(line, path, (number += 1)), end };
    }
    pieces.push(Buffer.from(chunk.subarray(from, read)));
    at += read;
  }
}
