import type { HostSettings, Profile, Store } from '@mailwarden/catalogue';
import type { RotationOrder } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { rotateStore, type OrderTerms, type StepWatch } from '@mailwarden/rotation-fs';

/** An order on one store as it is handed to a process of its own. */
export interface HandedOrder {
  readonly root: string;
  readonly settings: HostSettings;
  readonly store: Store;
  readonly order: RotationOrder;
  readonly terms: OrderTerms;
  readonly journalDir: string;
  /** Where the process ends as by a power cut, at the n-th time; null where it does not. */
  readonly kill: { readonly step: string; readonly times: number } | null;
}

const handed = JSON.parse(process.argv[2] ?? '') as HandedOrder;
let left = handed.kill?.times ?? 0;
const watch: StepWatch = (at) => {
  if (at === handed.kill?.step && (left -= 1) === 0) process.kill(process.pid, 'SIGKILL');
};
const { root, settings, store, order, terms, journalDir } = handed;
const receipt = await withHost(root, settings, (host) =>
  rotateStore({ ...terms, host, store, profile: { id: 'product', stores: [store] } as unknown as Profile, marked: null, stop: null, issuedAtMs: Date.now(), hashKey: Buffer.from('key'), now: Date.now, journalDir, watch }, order),
);
process.stdout.write(JSON.stringify(receipt));
