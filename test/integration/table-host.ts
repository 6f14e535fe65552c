import { parseProfile, type HostSettings } from '@mailwarden/catalogue';
import { observation as observationForm, type Observation } from '@mailwarden/contracts';
import { measureHost } from '@mailwarden/inventory-fs';
import type { ServerName } from '@mailwarden/kernel';

/** A store of a profile that only has what a table or a pair needs. */
export const storeText = (id: string, kind: 'table' | 'pair', more: readonly string[]): string =>
  [`  - id: ${id}`, `    section: ${id}`, `    kind: ${kind}`, '    directories: null', ...more.map((line) => `    ${line}`), '    data-categories: null', '    duration: not-stated', '    protection: { accounts: null, source: null }', '    rotatable: false'].join('\n');

/** Measures a host by a profile with these databases, stores and version, as a scan does. */
export async function scanned(root: string, { databases, stores, version = '', settings = { databases: {} } }: { databases: string; stores: readonly string[]; version?: string; settings?: HostSettings }): Promise<Observation> {
  const text = `schema: mailwarden/profile/v1
id: product
product: { name: Product, vendor: Vendor, versions: "*" }
sources: {}
accounts: { service: product, groups: [] }
services: []
${version}
databases:
${databases}
stores:
${stores.join('\n')}
`;
  const profile = parseProfile(text);
  if (!profile.ok) throw new Error(JSON.stringify(profile.error));
  return observationForm.parse(await measureHost({ root, profile: profile.value, hostSettings: settings, server: 'host-1' as ServerName, hashKey: null, bundleVersion: null, afterOrder: null, now: Date.now }));
}
