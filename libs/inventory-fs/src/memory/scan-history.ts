import type { StoreObservation } from '@mailwarden/contracts';
import { epochMsOf, instantOf, known, unknown, type Measured } from '@mailwarden/kernel';
import type { HostMemory } from './host-memory.js';
import type { StoreBefore } from './memory-head.js';

const NO_SCAN_BEFORE = unknown('no earlier scan is remembered');
const NO_CHANGE = unknown('no scan that is remembered saw it change');

/** What only the scan before can tell of a store: by how much it grew, and when its contents last changed. */
export function withHistory(store: StoreObservation, memory: HostMemory | null, nowMs: number): StoreObservation {
  if (memory === null) return store;
  const before = memory.before(store.id);
  return { ...store, growth: growthOf(store, before), ...(store.contentDigest === undefined ? {} : { contentChangedAt: changedAt(store.contentDigest, before, nowMs) }) };
}

function growthOf({ items, bytesAllocated }: StoreObservation, before: StoreBefore | null): NonNullable<StoreObservation['growth']> {
  if (before?.amounts == null) return NO_SCAN_BEFORE;
  if (!items.known) return items;
  if (!bytesAllocated.known) return bytesAllocated;
  return known({ since: instantOf(before.amounts.atMs), items: items.value - before.amounts.items, bytes: bytesAllocated.value - before.amounts.bytes });
}

function changedAt(digest: Measured<string>, before: StoreBefore | null, nowMs: number): NonNullable<StoreObservation['contentChangedAt']> {
  if (!digest.known) return digest;
  if (before?.contents == null) return NO_SCAN_BEFORE;
  if (before.contents.digest !== digest.value) return known(instantOf(nowMs));
  return before.contents.changedMs === null ? NO_CHANGE : known(instantOf(before.contents.changedMs));
}

/** What the next scan is told of a store. What was not known this time stays as it was before. */
export function historyOf({ id, items, bytesAllocated, contentDigest, contentChangedAt }: StoreObservation, memory: HostMemory, nowMs: number): StoreBefore {
  const before = memory.before(id);
  const changedMs = contentChangedAt?.known === true ? epochMsOf(contentChangedAt.value) : null;
  return {
    amounts: items.known && bytesAllocated.known ? { items: items.value, bytes: bytesAllocated.value, atMs: nowMs } : (before?.amounts ?? null),
    contents: contentDigest?.known === true ? { digest: contentDigest.value, changedMs } : (before?.contents ?? null),
  };
}
