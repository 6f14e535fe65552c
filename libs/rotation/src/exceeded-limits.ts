import type { LimitKind, Watermark } from '@mailwarden/contracts';

/** Low watermarks to reach. Infinity and -Infinity where the kind was not exceeded. */
export interface Goal {
  readonly kinds: readonly LimitKind[];
  readonly bytesMax: number;
  readonly itemsMax: number;
  /** Items older than this go. Units: milliseconds since 1970. */
  readonly olderThanMs: number;
}

/** What a store holds now, for the comparison with its limits. */
export interface Holding {
  readonly items: number;
  readonly bytes: number;
  readonly oldestMs: number | null;
}

/** What a sane watermark is: a target above its limit would delete nothing and ask for ever. */
export function watermarkProblem(watermarks: readonly Watermark[]): string | null {
  if (watermarks.length === 0) return 'the order names no limit';
  for (const { kind, limit, target } of watermarks) {
    if (!Number.isFinite(limit) || !Number.isFinite(target) || target < 0) return `the ${kind} watermark is not a number`;
    if (target > limit) return `the target of the ${kind} watermark lies above its limit`;
    if (kind === 'free-space') return 'free space is not a limit of one store';
    if (limit === 0) return `a ${kind} limit of nothing would empty the store`;
  }
  return null;
}

/** Limits that a store passes, with the marks it has to come down to. `unfinished` counts as exceeded whatever is left. */
export function exceededLimits(holding: Holding, watermarks: readonly Watermark[], nowMs: number, unfinished: readonly LimitKind[] = []): Goal {
  const kinds: LimitKind[] = [];
  let [bytesMax, itemsMax, olderThanMs] = [Infinity, Infinity, -Infinity];
  for (const { kind, limit, target } of watermarks) {
    const age = holding.oldestMs === null ? 0 : (nowMs - holding.oldestMs) / 1000;
    const value = kind === 'bytes' ? holding.bytes : kind === 'age' ? age : holding.items;
    if (kind === 'free-space' || (value <= limit && !unfinished.includes(kind))) continue;
    kinds.push(kind);
    if (kind === 'bytes') bytesMax = Math.min(bytesMax, target);
    else if (kind === 'age') olderThanMs = Math.max(olderThanMs, nowMs - target * 1000);
    else itemsMax = Math.min(itemsMax, target);
  }
  return { kinds: [...new Set(kinds)], bytesMax, itemsMax, olderThanMs };
}
