import { DATA_CATEGORIES, isDataCategory, type Flow, type Profile } from '@mailwarden/catalogue';
import type { RecordedAgreement } from '@mailwarden/consent';

/** In place of what the profile said, when none has the agreement any more: decisions on it stay. */
const GONE = 'not known: no profile has this agreement any more';

const flowOf = ({ id, title, recipient, dataCategories }: Flow): RecordedAgreement['flows'][number] => ({
  id,
  title,
  recipient,
  dataCategories: dataCategories?.map((category) => ({ id: category, title: isDataCategory(category) ? DATA_CATEGORIES[category].title : category })) ?? null,
});

/** What profiles say of their agreements, by the agreement's id. */
export function recordedAgreements(profiles: Iterable<Profile>): ReadonlyMap<string, RecordedAgreement> {
  return new Map([...profiles].flatMap(({ product, agreements, flows }) =>
    agreements.map(({ id, title, gates }) => [id, { id, title, product: product.name, vendor: product.vendor, gates, flows: flows.filter(({ requires }) => requires.includes(id)).map(flowOf) }] as const),
  ));
}

export const goneAgreement = (id: string): RecordedAgreement => ({ id, title: id, product: GONE, vendor: GONE, gates: [GONE], flows: [] });
