import type { Store } from '@mailwarden/catalogue';
import type { AssessedFinding, BundleRule, Forecast, StatedLimit } from '@mailwarden/contracts';
import { epochMsOf, formatByteCount, formatDuration, type Measured } from '@mailwarden/kernel';
import { forecastOf } from './forecast.js';
import type { Trend } from './trend.js';

/** So far ahead a limit is told. Units: seconds. */
const SOON_SECONDS = 14 * 86_400;
/** The history is at least this share of the time until then. */
const HISTORY_SHARE_MIN = 0.2;

const FORECAST_KINDS: readonly string[] = ['bytes', 'records'];

/** The forecast for the first limit of a store that counts and can be forecast; undefined where no such limit or no history is at hand. */
export function forecastFor(limits: readonly StatedLimit[], trend: Trend | undefined): Measured<Forecast> | undefined {
  const limit = limits.find(({ used, kind }) => used && FORECAST_KINDS.includes(kind));
  if (limit === undefined || trend === undefined) return undefined;
  return forecastOf(trend, limit.kind === 'records' ? 'records' : 'bytes', limit.value);
}

const told = (kind: Forecast['kind'], value: number): string => (kind === 'bytes' ? formatByteCount(value) : `${value} records`);

/** A limit that is near. Where a policy in enforce mode keeps the store below it, reaching it is the plan. */
export function nearLimits(store: Store, limits: readonly StatedLimit[], rules: readonly BundleRule[], trend: Trend | undefined, nowMs: number): AssessedFinding[] {
  const forecast = forecastFor(limits, trend);
  if (forecast?.known !== true || forecast.value.reachesAt === null || rules.some(({ mode }) => mode === 'enforce')) return [];
  const { kind, limit, perDay, reachesAt, earliestAt, latestAt, historySeconds } = forecast.value;
  const leftSeconds = (epochMsOf(reachesAt) - nowMs) / 1000;
  if (leftSeconds <= 0 || leftSeconds > SOON_SECONDS || historySeconds < leftSeconds * HISTORY_SHARE_MIN) return [];
  const between = `between ${earliestAt ?? reachesAt} and ${latestAt ?? 'later than the history lets anybody see'}`;
  return [
    {
      code: 'limit-soon',
      severity: 'low',
      store: store.id,
      subject: kind,
      message: `${store.section} grows by ${told(kind, perDay)} a day and reaches ${told(kind, limit)} in about ${formatDuration(leftSeconds)} (${between})`,
      advice: 'make room, or write a policy, before the product stops writing or deletes the oldest',
      source: `its history of ${formatDuration(historySeconds)}`,
    },
  ];
}
