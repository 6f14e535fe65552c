import type { Bounds } from '@mailwarden/contracts';
import type { Amount } from './rotation-plan.js';

/** Why a plan is larger than its order allows, or null. Safety: compared before the first deletion; a plan is never cut to fit. */
export function boundPassed(planned: Amount, before: Amount, bounds: Pick<Bounds, 'items' | 'bytes' | 'percent'>): string | null {
  if (planned.items > bounds.items) return `the plan takes ${planned.items} items, the order allows ${bounds.items}`;
  if (planned.bytes > bounds.bytes) return `the plan takes ${planned.bytes} bytes, the order allows ${bounds.bytes}`;
  const percent = Math.max(share(planned.items, before.items), share(planned.bytes, before.bytes));
  return percent > bounds.percent ? `the plan takes ${percent.toFixed(1)} % of the store, the order allows ${bounds.percent} %` : null;
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : (part / whole) * 100);
