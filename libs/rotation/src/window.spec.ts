import type { MaintenanceWindow } from '@mailwarden/contracts';
import { describe, expect, it } from 'vitest';
import { insideUntil, isInside } from './window.js';

const BERLIN = 'Europe/Berlin';
const window = (days: number[], from: string, to: string, timezone = BERLIN): MaintenanceWindow => {
  const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  return { days, fromMinute: minutes(from), toMinute: minutes(to), timezone };
};
const ALL = [1, 2, 3, 4, 5, 6, 7];
const at = (utc: string): number => Date.parse(`${utc}:00.000Z`);
const inside = (given: MaintenanceWindow, ...moments: string[]): boolean[] => moments.map((moment) => isInside(given, at(moment)));

describe('a maintenance window', () => {
  it('begins and ends by the clock of its time zone, on its days', () => {
    // 2026-11-25 is a Wednesday; Berlin is one hour ahead.
    expect(inside(window([3], '01:00', '05:00'), '2026-11-24T23:59', '2026-11-25T00:00', '2026-11-25T03:59', '2026-11-25T04:00')).toEqual([false, true, true, false]);
    expect(inside(window([2], '01:00', '05:00'), '2026-11-25T02:00')).toEqual([false]);
    expect(inside(window([3], '00:00', '24:00', 'UTC'), '2026-11-25T00:00', '2026-11-25T23:59', '2026-11-26T00:00')).toEqual([true, true, false]);
  });

  it('runs over midnight from the day on which it begins, and from Sunday into Monday', () => {
    const night = window([7], '22:00', '02:00', 'UTC');
    expect(inside(night, '2026-11-29T21:59', '2026-11-29T22:00', '2026-11-30T01:59', '2026-11-30T02:00', '2026-11-29T01:00')).toEqual([false, true, true, false, false]);
  });

  it('keeps its hours when summer time begins and ends', () => {
    // 2026-03-29: at 02:00 it becomes 03:00; 2026-10-25: at 03:00 it becomes 02:00.
    expect(inside(window(ALL, '02:00', '03:00'), '2026-03-29T00:59', '2026-03-29T01:00')).toEqual([false, false]);
    expect(inside(window(ALL, '01:00', '04:00'), '2026-03-29T00:00', '2026-03-29T01:59', '2026-03-29T02:00')).toEqual([true, true, false]);
    expect(inside(window(ALL, '01:00', '03:00'), '2026-10-25T00:30', '2026-10-25T01:30', '2026-10-25T02:00')).toEqual([true, true, false]);
  });

  it('is none where none is set, and never opens in a time zone that nobody knows', () => {
    expect(isInside(null, 0)).toBe(true);
    expect(isInside(window(ALL, '00:00', '24:00', 'Atlantis/Capital'), 0)).toBe(false);
  });

  it('says how long it stays open, at most until a given moment, also over a change of the clock', () => {
    const spring = window(ALL, '01:00', '03:30');
    expect(insideUntil(spring, at('2026-03-29T00:50'), at('2026-03-29T05:00'))).toBe(at('2026-03-29T01:30'));
    expect(insideUntil(window(ALL, '01:00', '03:00', 'UTC'), at('2026-11-25T02:50'), at('2026-11-25T02:55'))).toBe(at('2026-11-25T02:55'));
    expect(insideUntil(window(ALL, '01:00', '03:00', 'UTC'), at('2026-11-25T03:10'), at('2026-11-25T03:25'))).toBe(at('2026-11-25T03:10'));
    expect(insideUntil(null, 5, 9)).toBe(9);
  });
});
