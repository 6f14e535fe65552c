import type { LimitKind, Watermark } from '@mailwarden/contracts';
import { isPassed } from './over-limit.js';

/** The file system that a store lies on. Units: bytes. */
export interface Room {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** What a store holds now, for the comparison with its limits. */
export interface Holding {
  readonly items: number;
  readonly bytes: number;
  readonly oldestMs: number | null;
  /** Null or absent where nobody knows: a floor of free space then asks for nothing. */
  readonly room?: Room | null;
}

/** How far an order that was cut short had to go. A later run goes there and no further. */
export interface Goal {
  /** Limits that were passed when the order was begun; the others never ask for anything, however low the store stands. */
  readonly kinds: readonly LimitKind[];
  /** Moment by which the age target was reckoned, so that a later run does not delete what grew old meanwhile. Units: milliseconds since 1970. */
  readonly olderThanMs: number | null;
}

/** What stands above its low watermark. Zero and null where the limit is not passed. */
export interface Excess extends Goal {
  readonly bytes: number;
  readonly items: number;
}

/** What is wrong with the marks of an order, in words; null when they make sense. A target above its limit would delete nothing and ask for ever; a limit of nothing would empty the store. */
export function watermarkProblem(watermarks: readonly Watermark[]): string | null {
  if (watermarks.length === 0) return 'the order names no limit';
  for (const { kind, limit, target } of watermarks) {
    if (!Number.isFinite(limit) || !Number.isFinite(target) || target < 0) return `the ${kind} watermark is not a number`;
    if (kind === 'free-space') {
      if (target < limit || target > 100) return 'the target of the free-space limit lies below the limit itself, or above the whole';
      continue;
    }
    if (target > limit) return `the target of the ${kind} limit lies above the limit itself`;
    if (limit === 0) return `a ${kind} limit of nothing would empty the store`;
  }
  return null;
}

function valueOf(kind: LimitKind, { items, bytes, oldestMs, room }: Holding, nowMs: number): number | null {
  switch (kind) {
    case 'bytes':
      return bytes;
    case 'age':
      return oldestMs === null ? 0 : (nowMs - oldestMs) / 1000;
    case 'free-space':
      return room == null || room.totalBytes === 0 ? null : (100 * room.freeBytes) / room.totalBytes;
    default:
      return items;
  }
}

const bytesToFree = (room: Room | null | undefined, targetPercent: number): number => (room == null ? 0 : Math.max(0, (room.totalBytes * targetPercent) / 100 - room.freeBytes));

/** Compares a store with its limits. Only limits that are passed ask for deletion; an order that was begun keeps to those that were passed then. */
export function excessOf(holding: Holding, watermarks: readonly Watermark[], nowMs: number, begun: Goal | null): Excess {
  const kinds = new Set<LimitKind>();
  let [bytes, items] = [0, 0];
  let olderThanMs: number | null = null;
  for (const { kind, limit, target } of watermarks) {
    const value = valueOf(kind, holding, nowMs);
    if (value === null || (begun === null ? !isPassed(kind, value, limit) : !begun.kinds.includes(kind))) continue;
    kinds.add(kind);
    if (kind === 'free-space') bytes = Math.max(bytes, bytesToFree(holding.room, target));
    else if (kind === 'bytes') bytes = Math.max(bytes, holding.bytes - target);
    else if (kind === 'age') olderThanMs = begun === null ? Math.max(olderThanMs ?? -Infinity, nowMs - target * 1000) : begun.olderThanMs;
    else items = Math.max(items, holding.items - target);
  }
  return { kinds: [...kinds], bytes, items, olderThanMs };
}
