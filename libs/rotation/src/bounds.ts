import type { Bounds } from '@mailwarden/contracts';

export interface Amount {
  readonly items: number;
  readonly bytes: number;
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);

/**
 * Which bound a plan passes, in words; null when none. What earlier runs of the order deleted counts.
 * Safety: compared before the first deletion; a plan is never cut to fit.
 */
export function boundPassed(planned: Amount, before: Amount, bounds: Pick<Bounds, 'items' | 'bytes' | 'percent'>, alreadyDeleted: Amount = { items: 0, bytes: 0 }): string | null {
  const items = planned.items + alreadyDeleted.items;
  const bytes = planned.bytes + alreadyDeleted.bytes;
  if (items > bounds.items) return `${items} items would go; the bound is ${bounds.items}`;
  if (bytes > bounds.bytes) return `${bytes} bytes would go; the bound is ${bounds.bytes}`;
  const percent = Math.max(share(items, before.items + alreadyDeleted.items), share(bytes, before.bytes + alreadyDeleted.bytes));
  return percent > bounds.percent ? `${percent.toFixed(1)} % of the store would go; the bound is ${bounds.percent} %` : null;
}
