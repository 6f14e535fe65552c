import { describe, expect, it } from 'vitest';
import { momentOfRecord } from './line-moment.js';

const utc = (year: number, month: number, day: number, hour: number, minute: number, second: number): number => Date.UTC(year, month - 1, day, hour, minute, second);
const MTIME = Date.UTC(2026, 10, 25, 12);
const AT = Date.UTC(2026, 10, 24, 1, 2, 3);
const read = (head: string): number | null => momentOfRecord(head, MTIME, utc);

describe('the moment of a record', () => {
  it.each([
    ['2026-11-24T01:02:03Z mx rspamd[1]: text', AT],
    ['2026-11-24T02:02:03.123456+01:00 mx postfix/smtpd[1]: text', AT],
    ['2026-11-24 01:02:03 1abc-000 <= someone', AT],
    ['2026-11-24 01:02:03,456 INFO text', AT],
    ['2026-11-24 02:32:03 +0130 [1] cwd', AT],
    ['[2026/11/24 01:02:03] text', AT],
    ['1795482123 text', 1_795_482_123_000],
    ['1763946123.512 200 text', 1_763_946_123_000],
    ['1763946123512;x', 1_763_946_123_512],
    ['Tue Nov 24 01:02:03 2026 -> text', AT],
    ['77:M 24 Nov 2026 01:02:03.123 * text', AT],
    ['Nov 24 01:02:03 mx clamd[1]: text', AT],
    ['<22>1 2026-11-24T01:02:03Z mx clamd 1 - - text', AT],
  ])('%s', (head, expected) => expect(read(head)).toBe(expected));

  it.each(['', 'text', '12345 text', '17639461235 one digit too many', '2026-13-24 01:02:03 x', '2026-11-24 01:77:03 x', 'Tue Foo 24 01:02:03 2026', '\0\0\0\0', ' 2026-11-24 01:02:03', '2126-11-24T01:02:03Z in a hundred years'])('nothing in %j', (head) => expect(read(head)).toBeNull());
});
