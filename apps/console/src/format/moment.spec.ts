import { describe, expect, it } from 'vitest';
import { relativeTime, shortAge, tookTime } from './moment.js';

const NOW = Date.parse('2026-11-24T10:00:00.000Z');

describe('moments in words', () => {
  it.each([
    ['2026-11-24T09:59:58.000Z', 'just now', 'now'],
    ['2026-11-24T09:57:00.000Z', '3 minutes ago', '3m'],
    ['2026-11-22T08:00:00.000Z', '2 days ago', '2d'],
    ['2026-11-24T09:59:20.000Z', '40 seconds ago', '40s'],
  ])('%s', (instant, long, short) => {
    expect(relativeTime(instant, NOW)).toBe(long);
    expect(shortAge(instant, NOW)).toBe(short);
  });

  it('knows what is to come', () => {
    expect(relativeTime('2026-11-24T11:30:00.000Z', NOW)).toBe('in 1 hour');
  });

  it('never takes an unreadable moment for the present', () => {
    expect(relativeTime('yesterday', NOW)).toBe('at an unknown time');
  });

  it('says how long something took', () => {
    expect([840, 1430, 190_000].map(tookTime)).toEqual(['840 ms', '1.4 s', '3 minutes']);
  });
});
