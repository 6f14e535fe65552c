import { join } from 'node:path';
import { parseProfile } from '@mailwarden/catalogue';
import { fullOrder, type Receipt, type RotationOrder } from '@mailwarden/contracts';
import { withHost, type Host } from '@mailwarden/inventory-fs';
import { rotateStore, type ApplyRequest, type StepWatch } from '@mailwarden/rotation-fs';

/** All that one order on the one store of a profile needs. */
export interface LogRotation {
  readonly root: string;
  readonly profile: string;
  readonly order: RotationOrder;
}

/** The kernel that runs a suite serves its trees. */
const SETTINGS = { databases: {}, kernel: 'this' } as const;

/** Opens the host for one request on its store. */
export function withRequest<T>({ root, profile: text, order }: LogRotation, watch: StepWatch | undefined, use: (request: ApplyRequest) => Promise<T>): Promise<T> {
  const profile = parseProfile(text);
  if (!profile.ok) throw new Error(JSON.stringify(profile.error));
  const [store] = profile.value.stores;
  if (store === undefined) throw new Error('the profile has no store');
  return withHost(root, SETTINGS, (host: Host) =>
    use({ ...fullOrder(order), host, profile: profile.value, store, marked: null, issuedAtMs: Date.parse(order.issuedAt), hashKey: Buffer.from('key'), now: Date.now, stop: null, journalDir: join(root, 'journal'), ...(watch === undefined ? {} : { watch }) }),
  );
}

export const rotateLog = (rotation: LogRotation, watch?: StepWatch): Promise<Receipt> => withRequest(rotation, watch, (request) => rotateStore(request, rotation.order));
