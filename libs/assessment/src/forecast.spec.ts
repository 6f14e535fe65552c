import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecastOf } from './forecast.js';
import { EMPTY_TREND, extended, TREND_POINTS_MAX, type Trend } from './trend.js';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 10, 1);

const trendOf = (valueAt: (day: number) => number, days: number): Trend => ({
  spacingMs: DAY_MS,
  points: Array.from({ length: days }, (_, day) => ({ atMs: START_MS + day * DAY_MS, bytes: valueAt(day), records: null })),
});

describe('a forecast', () => {
  it('follows a steady pace to the limit', () => {
    const forecast = forecastOf(trendOf((day) => 100 + day * 10, 11), 'bytes', 300);
    expect(forecast).toMatchObject({ known: true, value: { perDay: 10, reachesAt: new Date(START_MS + 20 * DAY_MS).toISOString(), historySeconds: 10 * 86_400, points: 11 } });
  });

  it('is not bent by one odd scan, and tells a wider uncertainty', () => {
    const steady = forecastOf(trendOf((day) => 100 + day * 10, 20), 'bytes', 500);
    const odd = forecastOf(trendOf((day) => (day === 12 ? 400 : 100 + day * 10), 20), 'bytes', 500);
    if (!steady.known || !odd.known) throw new Error('both have a history');
    // The fall after the odd scan cuts the history: the pace is that of the days since.
    expect(odd.value.reachesAt).toBe(steady.value.reachesAt);
  });

  it('tells between when and when, for a pace that wavers', () => {
    const forecast = forecastOf(trendOf((day) => 100 + day * 10 + (day % 3) * 2, 20), 'bytes', 400);
    if (!forecast.known || forecast.value.reachesAt === null || forecast.value.earliestAt === null || forecast.value.latestAt === null) throw new Error('it has a history');
    expect(forecast.value.earliestAt < forecast.value.reachesAt).toBe(true);
    expect(forecast.value.latestAt > forecast.value.reachesAt).toBe(true);
  });

  it.each([
    ['shrinks', (day: number) => 200 - day],
    ['stands', () => 200],
    ['grows so slowly that nobody can see that far', (day: number) => 200 + day / 1000],
  ])('has no day for a store that %s', (_what, valueAt) => {
    expect(forecastOf(trendOf(valueAt, 20), 'bytes', 300)).toMatchObject({ known: true, value: { reachesAt: null } });
  });

  it('begins anew after a rotation', () => {
    const forecast = forecastOf(trendOf((day) => (day < 10 ? 100 + day * 90 : 100 + (day - 10) * 10), 20), 'bytes', 290);
    expect(forecast).toMatchObject({ known: true, value: { perDay: 10, points: 10 } });
  });

  it('is unknown without a history, for a value that was never measured, and beyond the limit', () => {
    expect(forecastOf(trendOf(() => 1, 5), 'bytes', 10)).toMatchObject({ known: false });
    expect(forecastOf(trendOf(() => 1, 20), 'records', 10)).toMatchObject({ known: false });
    expect(forecastOf(trendOf((day) => day, 20), 'bytes', 10)).toEqual({ known: false, reason: 'the limit is reached already' });
  });
});

describe('a trend', () => {
  it('stays small and keeps its ends, however long it runs', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3_600_000 }), { minLength: 1, maxLength: 2_000 }), (gaps) => {
        let atMs = START_MS;
        let trend = EMPTY_TREND;
        for (const gap of gaps) trend = extended(trend, { atMs: (atMs += gap), bytes: atMs, records: null });
        const { points, spacingMs } = trend;
        expect(points.length).toBeLessThanOrEqual(TREND_POINTS_MAX);
        expect(atMs - (points.at(-1)?.atMs ?? 0)).toBeLessThan(2 * spacingMs);
        for (const [index, point] of points.entries()) if (index > 0) expect(point.atMs).toBeGreaterThan(points[index - 1]?.atMs ?? Infinity);
      }),
    );
  });

  it('passes over a scan of a clock that was set back', () => {
    const trend = extended(EMPTY_TREND, { atMs: START_MS, bytes: 1, records: null });
    expect(extended(trend, { atMs: START_MS - DAY_MS, bytes: 2, records: null })).toBe(trend);
  });
});
