import { expect } from 'vitest';
import { scanDocument, type ScanDocument } from '../../apps/cli/src/output/scan-json.js';
import type { RunningServer } from '../../scripts/mail-server/running-server.ts';
import { mailwardenInside } from '../../scripts/mail-server/shown-product.ts';
import type { FoundFiles } from './independent-tools.js';

/** Every product that a scan inside found, by the id of its profile. Errors: throws with what the command said. */
export async function scanInside(server: RunningServer): Promise<ReadonlyMap<string, ScanDocument>> {
  const { status, stdout, stderr } = await mailwardenInside(server, ['scan', '--format', 'json']);
  if (status !== 0 && status !== 1) throw new Error(`mailwarden scan ended with ${status}: ${stderr}`);
  return new Map(scanDocument.array().parse(JSON.parse(stdout)).map((document) => [document.product.id, document]));
}

type ScannedStore = ScanDocument['stores'][number];

export function storeOf(scanned: ReadonlyMap<string, ScanDocument>, profile: string, store: string): ScannedStore {
  const found = scanned.get(profile)?.stores.find(({ id }) => id === store);
  if (found === undefined) throw new Error(`the scan tells nothing of ${profile}/${store}`);
  return found;
}

export const itemsOf = (store: ScannedStore): number => (store.items.known ? store.items.value : Number.NaN);
export const bytesOf = (store: ScannedStore): number => (store.bytesAllocated.known ? store.bytesAllocated.value : Number.NaN);

/** Every number of a store against what `find` says of the same files. */
export function expectSame(store: ScannedStore, found: FoundFiles): void {
  const told = (value: { known: boolean; value?: unknown }): unknown => (value.known ? value.value : 'unknown');
  expect({ items: told(store.items), apparent: told(store.bytesApparent), allocated: told(store.bytesAllocated) }, store.id).toEqual({ items: found.items, apparent: found.bytesApparent, allocated: found.bytesAllocated });
  const oldest = told(store.oldestAt);
  if (found.oldestAt === null) expect(oldest, store.id).toBeNull();
  else expect(Math.abs(Date.parse(String(oldest)) - found.oldestAt.getTime()), `${store.id}: oldest ${String(oldest)}, find says ${found.oldestAt.toISOString()}`).toBeLessThanOrEqual(2);
}
