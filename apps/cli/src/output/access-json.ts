import type { Profile, Store } from '@mailwarden/catalogue';
import { instant, profileId, serverName, storeId, storeObservation, type Observation, type StoreObservation } from '@mailwarden/contracts';
import { z } from 'zod';

const { access, kind, present, unknown } = storeObservation.shape;

const storeAccess = z.object({
  id: storeId,
  section: z.string(),
  kind,
  present: present.describe('False when none of the places exist on this host'),
  protection: z.object({ accounts: z.array(z.string()).nullable(), groups: z.array(z.string()), source: z.string().nullable() }).describe('Whom the profile names; null accounts where the vendor says nothing'),
  access,
  unknown: unknown.describe('What could not be measured, and why'),
});
export type StoreAccessView = z.output<typeof storeAccess>;

/** What `mailwarden access --format json` prints for one profile. */
export const accessDocument = z.object({
  schema: z.literal('mailwarden/access/v1'),
  host: serverName,
  root: z.string().describe('Folder that stands for the host'),
  startedAt: instant,
  product: z.object({ id: profileId, name: z.string() }),
  stores: z.array(storeAccess),
});
export type AccessDocument = z.output<typeof accessDocument>;

const viewOf = ({ id, section, protection: { accounts, groups, source } }: Store, { kind: of, present: is, access: seen, unknown: gaps }: StoreObservation): StoreAccessView => ({
  id,
  section,
  kind: of,
  present: is,
  protection: { accounts: accounts === null ? null : [...accounts], groups: [...groups], source },
  access: seen,
  unknown: gaps,
});

/** JSON of `mailwarden access`, for one store or for all. Its schema is published in `docs/reference/access.schema.json`. */
export function accessJson(parts: { observation: Observation; profile: Profile; root: string; store: string | null }): AccessDocument {
  const { observation, profile, root } = parts;
  const stores = profile.stores.flatMap((store) => {
    const observed = observation.stores.find(({ id }) => id === store.id);
    return observed === undefined || (parts.store !== null && store.id !== parts.store) ? [] : [viewOf(store, observed)];
  });
  return { schema: 'mailwarden/access/v1', host: observation.server, root, startedAt: observation.startedAt, product: { id: profile.id, name: profile.product.name }, stores };
}
