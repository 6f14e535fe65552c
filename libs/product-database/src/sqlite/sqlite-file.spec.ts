import { describe, expect, it } from 'vitest';
import { readingOf } from './sqlite-file.js';

const header = (version: number): Buffer => {
  const bytes = Buffer.alloc(100);
  bytes.write('SQLite format 3\0', 'latin1');
  bytes[19] = version;
  return bytes;
};
const NOTHING = { log: false, index: false };

describe('how a file of SQLite is read', () => {
  it('is by its locks, unless nobody has it open and SQLite would make files beside it', () => {
    expect(readingOf(header(1), NOTHING)).toEqual({ ok: true, value: 'with-locks' });
    expect(readingOf(header(2), NOTHING)).toEqual({ ok: true, value: 'as-it-stands' });
    expect(readingOf(header(2), { log: false, index: true })).toEqual({ ok: true, value: 'as-it-stands' });
    expect(readingOf(header(2), { log: true, index: true })).toEqual({ ok: true, value: 'with-locks' });
  });

  it('is not at all when the log has no index, or the file is something else', () => {
    expect(readingOf(header(2), { log: true, index: false })).toMatchObject({ ok: false });
    expect(readingOf(header(3), NOTHING)).toMatchObject({ ok: false });
    expect(readingOf(Buffer.alloc(0), NOTHING)).toEqual({ ok: false, error: 'its file is empty' });
    expect(readingOf(Buffer.from('SQLite format 3\0'), NOTHING)).toMatchObject({ ok: false });
    expect(readingOf(Buffer.alloc(100, 'x'), NOTHING)).toEqual({ ok: false, error: 'its file is no SQLite database' });
  });
});
