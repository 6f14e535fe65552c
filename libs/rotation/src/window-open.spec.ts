import { describe, expect, it } from 'vitest';
import { windowOpenAt } from './window-open.js';

const at = (text: string): number => Date.parse(text);
const NIGHT = { days: [1, 2, 3, 4, 5], fromMinute: 60, toMinute: 300, timezone: 'Europe/Berlin' };
const OVER_MIDNIGHT = { days: [5], fromMinute: 22 * 60, toMinute: 4 * 60, timezone: 'UTC' };

describe('a maintenance window', () => {
  it.each([
    ['2026-11-25T00:00:00.000Z', true],
    ['2026-11-24T23:59:59.999Z', false],
    ['2026-11-25T03:59:59.999Z', true],
    ['2026-11-25T04:00:00.000Z', false],
    ['2026-11-28T01:00:00.000Z', false], // Saturday.
    ['2026-07-01T23:00:00.000Z', true], // Summer: an hour earlier by UTC.
    ['2026-07-01T22:59:00.000Z', false],
  ])('goes by the clocks of its own time zone: %s', (moment, isOpen) => {
    expect(windowOpenAt(NIGHT, at(moment))).toBe(isOpen);
  });

  it.each([
    ['2026-11-27T22:00:00.000Z', true], // Friday.
    ['2026-11-28T03:59:00.000Z', true],
    ['2026-11-28T04:00:00.000Z', false],
    ['2026-11-28T22:30:00.000Z', false],
    ['2026-11-27T03:00:00.000Z', false],
  ])('that runs over midnight belongs to the day on which it begins: %s', (moment, isOpen) => {
    expect(windowOpenAt(OVER_MIDNIGHT, at(moment))).toBe(isOpen);
  });

  it('from midnight to midnight is the whole day, and on Sunday night comes from Saturday', () => {
    const whole = { days: [7], fromMinute: 0, toMinute: 1440, timezone: 'UTC' };
    expect([at('2026-11-29T00:00:00.000Z'), at('2026-11-29T23:59:00.000Z'), at('2026-11-30T00:00:00.000Z')].map((moment) => windowOpenAt(whole, moment))).toEqual([true, true, false]);
    expect(windowOpenAt({ ...OVER_MIDNIGHT, days: [7] }, at('2026-11-30T01:00:00.000Z'))).toBe(true);
  });

  it('is never open where nobody knows the time zone', () => {
    expect(windowOpenAt({ ...NIGHT, timezone: 'Mars/Olympus' }, at('2026-11-25T01:00:00.000Z'))).toBe(false);
  });
});
