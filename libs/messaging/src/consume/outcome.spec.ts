import { describe, expect, it } from 'vitest';
import { isDependencyAway, waitMs } from './outcome.js';

/** As the driver throws it, below the one of the mapper. */
const ofDatabase = (code: string): Error => Object.assign(new Error('query failed'), { cause: Object.assign(new Error('refused'), { code, severity: 'ERROR' }) });

describe("a failure that is not the message's own", () => {
  it.each([
    ['25006', 'a standby that only reads'],
    ['28P01', 'a password that was changed'],
    ['28000', 'a role that may not come in'],
    ['3D000', 'a database that is not there'],
    ['58030', 'a disk that fails'],
    ['58P01', 'a file that is missing'],
    ['42501', 'a right that is missing'],
    ['42P01', 'a table that is missing'],
    ['42703', 'a column that is missing'],
    ['XX000', 'a server that is broken'],
    ['0A000', 'a plan that does not fit any more'],
    ['57P03', 'a server that starts'],
    ['53300', 'too many connections'],
    ['40001', 'a conflict of transactions'],
    ['08006', 'a connection that broke'],
    ['ECONNREFUSED', 'nobody there'],
  ])('%s: %s', (code) => expect(isDependencyAway(ofDatabase(code))).toBe(true));

  it.each([
    ['22P05', 'a character that cannot be stored'],
    ['22003', 'a number out of range'],
    ['23505', 'a row that is there already'],
    ['21000', 'a row that it names twice'],
    ['54000', 'more than an index takes'],
    ['EPERM', 'no answer of a database at all'],
  ])('and not %s: %s', (code) => expect(isDependencyAway(ofDatabase(code))).toBe(false));

  it('and not an error of our own', () => expect(isDependencyAway(new TypeError('x is undefined'))).toBe(false));
});

it('waiting grows with the tries, and never beyond half a minute', () => {
  const waited = Array.from({ length: 12 }, (_, tries) => waitMs(tries + 1));
  expect(waited[0]).toBe(2_000);
  expect(waited).toEqual(waited.toSorted((one, other) => one - other));
  expect(Math.max(...waited)).toBe(30_000);
});
