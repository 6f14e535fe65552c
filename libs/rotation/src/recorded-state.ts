import type { Spread, StoreObservation } from '@mailwarden/contracts';
import type { Measured } from '@mailwarden/kernel';
import type { Room } from './excess.js';

/** What is kept of one store's newest observation: enough to foretell what a policy would delete. Null where it was not measured. Units: allocated bytes; milliseconds since 1970. */
export interface RecordedState {
  readonly measuredAtMs: number;
  readonly items: number | null;
  readonly records: number | null;
  readonly bytes: number | null;
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  readonly room: Room | null;
  readonly ages: Spread | null;
  readonly sizes: Spread | null;
}

const valueOf = <T>(measured: Measured<T> | undefined): T | null => (measured?.known === true ? measured.value : null);
const momentOf = (measured: Measured<string | null>): number | null => {
  const at = valueOf(measured);
  return at === null ? null : Date.parse(at);
};

/** A store that is not there holds nothing, and is no gap. */
export function recordedState(store: StoreObservation, measuredAtMs: number): RecordedState {
  return {
    measuredAtMs,
    items: valueOf(store.items),
    records: valueOf(store.records),
    bytes: valueOf(store.bytesAllocated),
    oldestMs: momentOf(store.oldestAt),
    newestMs: momentOf(store.newestAt),
    room: valueOf(store.fileSystem),
    ages: store.ages ?? null,
    sizes: store.sizes ?? null,
  };
}
