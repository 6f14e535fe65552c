import type { Profile } from '@mailwarden/catalogue';
import type { ScanEffort, StoreObservation } from '@mailwarden/contracts';
import type { WalkedHost } from '../store-walk.js';
import { outlineOf } from '../walk/store-map.js';
import { HostMemory, memorySubject, type MemoryTerms } from './host-memory.js';
import { historyOf } from './scan-history.js';

/** Opens the memory of earlier scans of these stores; null where none is to be kept. */
export const openMemory = (terms: MemoryTerms | null, about: { root: string; profile: Profile; readAcls: boolean }, nowMs: number): HostMemory | null =>
  terms === null ? null : new HostMemory(terms, memorySubject({ root: about.root, profile: about.profile.id, stores: about.profile.stores.map(outlineOf), readAcls: about.readAcls }), nowMs);

/** Keeps what a scan found for the next one, and says what the scan cost. */
export async function concludeScan(walked: WalkedHost, stores: readonly StoreObservation[], memory: HostMemory | null, nowMs: number): Promise<ScanEffort> {
  const { effort, forMemory } = walked;
  const wrong = forMemory.memory.reduce((sum, place) => sum + place.wrong, 0);
  if (memory !== null) {
    if (wrong > 0) memory.tell(`of ${forMemory.memory.reduce((sum, place) => sum + place.proven, 0)} unchanged folders that were read again, ${wrong} held other files than remembered`);
    await memory.keep(forMemory.memory, { complete: effort.complete, elsewhere: forMemory.elsewhere, stores: Object.fromEntries(stores.map((store) => [store.id, historyOf(store, memory, nowMs)])) });
  }
  return { mode: effort.foldersRemembered > 0 || forMemory.memory.some(({ stale }) => stale.length > 0) ? 'incremental' : 'full', ...effort, notice: memory?.notice ?? null };
}
