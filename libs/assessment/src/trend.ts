/** What one store held at one scan. Units: milliseconds since 1970, allocated bytes, records; null where it was not known. */
export interface TrendPoint {
  readonly atMs: number;
  readonly bytes: number | null;
  readonly records: number | null;
}

/** A store's history in few points: the longer it is, the wider apart they are. Units: milliseconds. */
export interface Trend {
  readonly spacingMs: number;
  /** Oldest first. */
  readonly points: readonly TrendPoint[];
}

const SPACING_MS_MIN = 10_000;
export const TREND_POINTS_MAX = 64;
/** What is older says little of the pace of today. Units: milliseconds. */
const TREND_MS_MAX = 60 * 86_400_000;

export const EMPTY_TREND: Trend = { spacingMs: SPACING_MS_MIN, points: [] };

/** Every second point, the newest among them. */
const thinned = (points: readonly TrendPoint[]): TrendPoint[] => points.filter((_point, index) => (points.length - 1 - index) % 2 === 0);

/**
 * The trend with one more scan; the same trend when the scan comes too soon after the last point, or before it.
 * When there are too many points every second one goes and the spacing doubles, so that a trend of any length stays small.
 */
export function extended(trend: Trend, point: TrendPoint): Trend {
  const last = trend.points.at(-1);
  if (last !== undefined && point.atMs < last.atMs + trend.spacingMs) return trend;
  const points = [...trend.points.filter(({ atMs }) => atMs >= point.atMs - TREND_MS_MAX), point];
  return points.length <= TREND_POINTS_MAX ? { spacingMs: trend.spacingMs, points } : { spacingMs: trend.spacingMs * 2, points: thinned(points) };
}
