import { describe, expect, it } from 'vitest';
import { isGlob, matchesEntry, matchesName, matchesPath } from './glob.js';
import { momentOfLine, programMatcher, readSyslogLine } from './syslog-line.js';

const utc = (year: number, month: number, day: number, hour: number, minute: number, second: number): number => Date.UTC(year, month - 1, day, hour, minute, second);

describe('a line of a system log', () => {
  it.each([
    ['Nov 25 01:02:03 mx1 postfix/smtpd[812]: connect from x', { program: 'postfix/smtpd', moment: 'Nov 25 01:02:03' }],
    ['Nov  5 01:02:03 mx1 klms: scanned', { program: 'klms', moment: 'Nov  5 01:02:03' }],
    ['2026-11-25T01:02:03.123456+01:00 mx1 klms[1]: x', { program: 'klms', moment: '2026-11-25T01:02:03.123456+01:00' }],
    ['<22>1 2026-11-25T01:02:03Z mx1 klms 1 - - x', { program: 'klms', moment: '2026-11-25T01:02:03Z' }],
  ])('%j', (line, read) => expect(readSyslogLine(line)).toEqual(read));

  it.each(['', ' klms[1]: x', 'Nov 25 01:02:03 mx1', 'Nov 25', '<22>1 2026', '\tat klms.core', '<999999>1 x y klms', 'klms: x', 'Nov 25 01:02:03 mx1 : x'])('%j is none', (line) => expect(readSyslogLine(line)).toBeNull());
});

describe('the moment of a line', () => {
  const MTIME = Date.UTC(2026, 0, 3, 12);
  it.each([
    ['Jan  3 11:00:00', Date.UTC(2026, 0, 3, 11)],
    ['Dec 31 23:59:59', Date.UTC(2025, 11, 31, 23, 59, 59)],
    ['Jan  4 01:00:00', Date.UTC(2026, 0, 4, 1)],
    ['Feb  1 00:00:00', Date.UTC(2025, 1, 1)],
    ['2020-02-03T04:05:06+02:00', Date.UTC(2020, 1, 3, 2, 5, 6)],
    ['Foo  1 00:00:00', null],
    ['Jan xx 00:00:00', null],
    ['2026-99-99T00:00:00Z', null],
    ['9999-12-31T23:59:59Z', null],
    ['275760-09-13', null],
  ])('%s, in a file of 3 January 2026', (moment, ms) => expect(momentOfLine(moment, MTIME, utc)).toBe(ms));
  it('may lie in the new year while the file was last written in the old one, by its zone', () => expect(momentOfLine('Jan  1 00:30:00', Date.UTC(2025, 11, 31, 23, 30), utc)).toBe(Date.UTC(2026, 0, 1, 0, 30)));
});

describe('globs', () => {
  it.each([['postfix/*', 'postfix/smtpd', true], ['postfix/*', 'postfix', false], ['*', '', true], ['a*b*c', 'aXbXbXc', true], ['a*b*c', 'aXbX', false], ['x[0-9]', 'x7', true], ['x[!0-9]', 'x7', false], ['x[]]', 'x]', true], ['x[', 'x[', true], ['\\*', '*', true], ['\\*', 'a', false], ['?', 'ab', false], ['[a-]', '-', true]])('%s and %s', (glob, name, matches) => expect(matchesName(glob, name)).toBe(matches));
  it('of paths stay within their component, and pass over hidden entries', () => {
    expect([matchesPath('/var/log/*.log', '/var/log/a.log'), matchesPath('/var/*', '/var/log/a'), matchesEntry('*', '.x'), matchesEntry('.*', '.x'), isGlob('/a/b'), isGlob('/a?')]).toEqual([true, false, false, true, false, true]);
  });
  it('cannot be kept busy', () => expect(matchesName(`${'*a'.repeat(2_000)}b`, 'a'.repeat(4_000))).toBe(false), 5_000);
  it('of programs keep nothing of the log but its names', () => {
    const matches = programMatcher(['klms*']);
    const before = process.memoryUsage().rss;
    for (let n = 0; n < 400; n += 1) matches(Buffer.alloc(1024 * 1024, `some-long-program-name-${n} `).toString('latin1').slice(0, 24));
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });
  it('of programs are answered again from memory', () => {
    const matches = programMatcher(['klms*', 'postfix/*']);
    expect(['klms', 'klmsdb', 'postfix/qmgr', 'postfix', 'klms', 'cron'].map(matches)).toEqual([true, true, true, false, true, false]);
  });
});
