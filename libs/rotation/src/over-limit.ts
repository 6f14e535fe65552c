import type { BundleRule, LimitKind, StoreObservation, Watermark } from '@mailwarden/contracts';
import type { Measured } from '@mailwarden/kernel';

const valueOf = <T>(measured: Measured<T> | undefined): T | null => (measured?.known === true ? measured.value : null);

/** What an observation says in a limit's own unit; null where it was not measured. Units: those of the limit's kind. */
export function measuredFor(watermark: Pick<Watermark, 'kind'>, store: StoreObservation, nowMs: number): number | null {
  switch (watermark.kind) {
    case 'bytes':
      return valueOf(store.bytesAllocated);
    case 'records':
      return valueOf(store.records ?? store.items);
    case 'inodes':
      return valueOf(store.items);
    case 'age': {
      const oldestAt = valueOf(store.oldestAt);
      return oldestAt === null ? null : (nowMs - Date.parse(oldestAt)) / 1000;
    }
    case 'free-space': {
      const room = valueOf(store.fileSystem);
      return room === null || room.totalBytes === 0 ? null : (100 * room.freeBytes) / room.totalBytes;
    }
  }
}

/** Whether a value passes its limit. Space that is kept free is a floor; every other limit is a ceiling. */
export const isPassed = (kind: LimitKind, value: number, limit: number): boolean => (kind === 'free-space' ? value < limit : value > limit);

/** Limits of one rule that a store has passed. What was not measured passes nothing. */
export function passedLimits(rule: Pick<BundleRule, 'watermarks'>, store: StoreObservation, nowMs: number): Watermark[] {
  return rule.watermarks.filter((watermark) => {
    const value = measuredFor(watermark, store, nowMs);
    return value !== null && isPassed(watermark.kind, value, watermark.limit);
  });
}
