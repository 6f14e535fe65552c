import { crc32 } from 'node:zlib';

/** A journal that says something that this version did not write. Nothing may be deleted on its word, and nothing it says may be thrown away. */
export class JournalDamaged extends Error {
  constructor(path: string, line: number) {
    super(`${path}:${line} cannot be read: the journal is damaged. Nothing was deleted; keep the file, compare it with the store, and move it away before the order is given again`);
    this.name = 'JournalDamaged';
  }
}

const CHECK_LENGTH = 8;
const checkOf = (json: string): string => crc32(json).toString(16).padStart(CHECK_LENGTH, '0');

/** One record as a line: its CRC-32 and its JSON. */
export function lineOf(record: unknown): string {
  const json = JSON.stringify(record);
  return `${checkOf(json)} ${json}\n`;
}

/** Reads whole lines. Errors: throws `JournalDamaged` at the first that is not what was written. */
export function recordsOf<T>(text: string, path: string): T[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, index) => {
      const json = line.slice(CHECK_LENGTH + 1);
      if (line[CHECK_LENGTH] !== ' ' || line.slice(0, CHECK_LENGTH) !== checkOf(json)) throw new JournalDamaged(path, index + 1);
      return JSON.parse(json) as T;
    });
}
