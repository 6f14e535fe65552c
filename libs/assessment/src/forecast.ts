import type { Forecast } from '@mailwarden/contracts';
import { instantOf, known, unknown, type Measured } from '@mailwarden/kernel';
import type { Trend, TrendPoint } from './trend.js';

const DAY_MS = 86_400_000;
/** Fewer points than these are no history. */
const POINTS_MIN = 6;
/** A fall by more than this share is a rotation or a clean-up: what grew before it says nothing of the way to the limit. */
const FALL_SHARE = 0.05;
/** Shares of all slopes between which the pace lies: the uncertainty that is told. */
const SLOW_SHARE = 0.1;
const FAST_SHARE = 0.9;
/** Nobody can look further than this many times the length of the history. */
const REACH_OF_HISTORY = 10;
/** The last moment that can be written. Units: milliseconds since 1970. */
const LATEST_MS = 253_402_300_799_999;

/** Places in the plane: when and how much. */
interface Place {
  readonly atMs: number;
  readonly value: number;
}

/** Points since the last fall. */
function sinceLastFall(places: readonly Place[]): readonly Place[] {
  let from = 0;
  places.forEach((place, index) => {
    const before = places[index - 1];
    if (before !== undefined && place.value < before.value * (1 - FALL_SHARE)) from = index;
  });
  return places.slice(from);
}

/** Slopes between all pairs, in order. Their middle is the pace, which single odd scans do not bend. Source: the Theil-Sen estimator. */
function slopesOf(places: readonly Place[]): number[] {
  const slopes: number[] = [];
  places.forEach((one, index) => {
    for (const other of places.slice(index + 1)) slopes.push((other.value - one.value) / (other.atMs - one.atMs));
  });
  return slopes.sort((a, b) => a - b);
}

const atShare = (sorted: readonly number[], share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;

/** When a pace reaches the limit; null for never, or beyond what the history lets anybody see. */
function reachedAtMs(last: Place, limit: number, slope: number, horizonMs: number): number | null {
  if (slope <= 0) return null;
  const leftMs = (limit - last.value) / slope;
  return leftMs <= horizonMs ? last.atMs + leftMs : null;
}

const instantOrNull = (ms: number | null): Forecast['reachesAt'] => (ms === null || ms > LATEST_MS ? null : instantOf(Math.round(ms)));

function placesOf(trend: Trend, of: (point: TrendPoint) => number | null): Place[] {
  return trend.points.flatMap((point) => {
    const value = of(point);
    return value === null ? [] : [{ atMs: point.atMs, value }];
  });
}

/**
 * The day a store reaches a limit, by the pace since it last fell, with its uncertainty: between the paces that nine of ten pairs of scans reach and one of ten does.
 * Unknown where the history is too short or the store is beyond the limit already.
 */
export function forecastOf(trend: Trend, kind: 'bytes' | 'records', limit: number): Measured<Forecast> {
  const places = sinceLastFall(placesOf(trend, (point) => point[kind]));
  const [first, last] = [places[0], places.at(-1)];
  if (first === undefined || last === undefined || places.length < POINTS_MIN) return unknown(`its history since the last fall has ${places.length} points; ${POINTS_MIN} are needed`);
  if (last.value >= limit) return unknown('the limit is reached already');
  const slopes = slopesOf(places);
  const spanMs = last.atMs - first.atMs;
  const horizonMs = spanMs * REACH_OF_HISTORY;
  const [slow, middle, fast] = [atShare(slopes, SLOW_SHARE), atShare(slopes, 0.5), atShare(slopes, FAST_SHARE)];
  return known({
    kind,
    limit,
    perDay: Math.round(middle * DAY_MS),
    reachesAt: instantOrNull(reachedAtMs(last, limit, middle, horizonMs)),
    earliestAt: instantOrNull(reachedAtMs(last, limit, fast, horizonMs)),
    latestAt: instantOrNull(reachedAtMs(last, limit, slow, horizonMs)),
    historySeconds: Math.round(spanMs / 1000),
    points: places.length,
  });
}
