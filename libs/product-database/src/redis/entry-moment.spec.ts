import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { entryMoment } from './entry-moment.js';

const AT = '2026-01-01T00:00:00.500Z';
const ENTRY = Buffer.from('{"unix_time":1767225600.5,"subject":"x"}');
const PLAIN = { encoding: 'json', timeField: 'unix_time' } as const;
const PACKED = { encoding: 'json-zstd', timeField: 'unix_time' } as const;

describe('the moment of an entry', () => {
  it('is read from plain and from packed entries', () => {
    expect(entryMoment(ENTRY, PLAIN)).toBe(AT);
    expect(entryMoment(zstdCompressSync(ENTRY), PACKED)).toBe(AT);
  });

  it.each([
    ['another encoding', ENTRY, PACKED],
    ['packed where plain is said', zstdCompressSync(ENTRY), PLAIN],
    ['no such member', ENTRY, { ...PLAIN, timeField: 'constructor' }],
    ['no JSON', Buffer.from('\xff\xfe'), PLAIN],
    ['a list', Buffer.from('[1]'), PLAIN],
    ['a time in text', Buffer.from('{"unix_time":"1767225600"}'), PLAIN],
    ['a time below zero', Buffer.from('{"unix_time":-5}'), PLAIN],
    ['a time beyond all years', Buffer.from('{"unix_time":3093527980800}'), PLAIN],
    ['a bomb', zstdCompressSync(Buffer.alloc(64 * 1024 * 1024, ' ')), PACKED],
    ['opaque', ENTRY, { encoding: 'opaque', timeField: 'unix_time' } as const],
  ])('is not known of %s', (_, entry, lists) => {
    expect(entryMoment(entry, lists)).toBeNull();
  });
});
