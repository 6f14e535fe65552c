import type { HostSettings, Profile, Store } from '@mailwarden/catalogue';
import type { Receipt, RotationOrder } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { rotateStore, type OrderTerms, type StepWatch } from '@mailwarden/rotation-fs';

/** An order on one store that a process of its own can be handed as well. */
export interface HandedOrder {
  readonly root: string;
  readonly settings: HostSettings;
  readonly store: Store;
  readonly order: RotationOrder;
  readonly terms: OrderTerms;
  readonly journalDir: string;
  /** Where a process of its own ends as by a power cut, at the n-th time. */
  readonly kill: { readonly step: string; readonly times: number } | null;
}

/** Errors: as `rotateStore`. */
export function carryOutHanded({ root, settings, store, order, terms, journalDir }: HandedOrder, watch: StepWatch): Promise<Receipt> {
  return withHost(root, settings, (host) =>
    rotateStore({ ...terms, host, store, profile: { id: 'product', accounts: { service: 'product', others: [], groups: [] }, stores: [store] } as unknown as Profile, marked: null, stop: null, issuedAtMs: Date.now(), hashKey: Buffer.from('key'), now: Date.now, journalDir, watch }, order),
  );
}
