import { parseProfile } from '@mailwarden/catalogue';
import { observation as observationForm, type Observation, type StoreObservation } from '@mailwarden/contracts';
import { measureHost } from '@mailwarden/inventory-fs';
import type { ServerName } from '@mailwarden/kernel';

/** The place of the store that most suites use, below the host's root. */
export const STORE = 'var/opt/acme/queue/mail';

/** A store of a profile by its glob, or with more than that: further lines of the profile's own language. */
export type Stores = Readonly<Record<string, string | { readonly glob: string; readonly kind?: string; readonly more?: string }>>;

/** Text of a profile with these stores. */
export function profileTextOf(stores: Stores, more: readonly string[] = []): string {
  const lines = Object.entries(stores).map(([id, told]) => {
    const { glob, kind = 'files', more: further = '' } = typeof told === 'string' ? { glob: told } : told;
    return `  - { id: ${id}, section: ${id}, kind: ${kind}, directories: null, files: [ "${glob}" ], data-categories: null, duration: not-stated, protection: { accounts: [ root ], groups: [], source: here }, rotatable: false${further} }`;
  });
  return ['schema: mailwarden/profile/v1', 'id: hostile', 'product: { name: Hostile, vendor: None, versions: "*" }', 'sources: { here: { title: This test, url: null, date: null, kind: general } }', 'accounts: { service: root, groups: [] }', 'services: []', ...more, 'stores:', ...lines, ''].join('\n');
}

export type ScanTerms = Partial<Pick<Parameters<typeof measureHost>[0], 'pace' | 'threads' | 'memory' | 'stallMs' | 'hostSettings'>>;

/** Measures the host by a profile of these stores; what comes back would be taken by any reader. */
export async function observed(root: string, stores: Stores, more: readonly string[] = [], terms: ScanTerms = {}): Promise<Observation> {
  const profile = parseProfile(profileTextOf(stores, more));
  if (!profile.ok) throw new Error(profile.error.map(({ message }) => message).join('\n'));
  return observationForm.parse(await measureHost({ root, profile: profile.value, hostSettings: { databases: {} }, server: 'host-1' as ServerName, hashKey: null, bundleVersion: null, afterOrder: null, now: Date.now, ...terms }));
}

export const byStore = ({ stores }: Observation): Record<string, StoreObservation> => Object.fromEntries(stores.map((item) => [item.id, item]));

export const items = (item: StoreObservation | undefined): number | string | undefined => (item?.items.known === true ? item.items.value : item?.items.reason);
export const skipped = (item: StoreObservation | undefined): Record<string, number> => Object.fromEntries((item?.skipped ?? []).map(({ reason, items }) => [reason, items]));
export const unknown = (item: StoreObservation | undefined): string[] => (item?.unknown ?? []).map(({ what, why }) => `${what}: ${why}`);
