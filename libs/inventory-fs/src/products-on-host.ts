import { isSharedFolder, pickProfile, resolveVariables, type HostSettings, type Profile } from '@mailwarden/catalogue';
import { compilePatterns } from '@mailwarden/inventory';
import { closeDirectory, openDirectoryBeneath } from './directory-descriptor.js';
import { readAccounts, withHost, type Host } from './host.js';
import { readReading } from './probe/read-probe.js';

/** Kinds whose places say little of a product: what is in memory is there on any host, settings outlive their program, and temporary folders are shared. */
const SAY_LITTLE: ReadonlySet<string> = new Set(['memory', 'configuration', 'temporary']);

function exists(host: Host, folder: string): boolean {
  const opened = openDirectoryBeneath(host.root, folder);
  if (opened.ok) closeDirectory(opened.value.directory);
  return opened.ok;
}

/** Folders of the product's own data, where it is not told to put them elsewhere. */
function ownFolders(profile: Profile): string[] {
  const stores = resolveVariables(profile, {}).stores.filter(({ kind }) => !SAY_LITTLE.has(kind));
  return compilePatterns(stores.flatMap(({ files }) => files)).roots.filter((folder) => !isSharedFolder(folder));
}

/** Its version can be read; or, where the program is gone or tells nothing, its account and a folder of its data are there. */
async function isOnHost(host: Host, profile: Profile): Promise<boolean> {
  if (profile.version !== null && (await readReading(host, profile.version)).known) return true;
  const accounts = readAccounts(host);
  return (!accounts.ok || accounts.value.byName.has(profile.accounts.service)) && ownFolders(profile).some((folder) => exists(host, folder));
}

/** Of several profiles for one product, the one for its version; all of them where the version fits none or is not known, since nobody may guess. */
async function forItsVersion(host: Host, profiles: readonly Profile[]): Promise<readonly Profile[]> {
  const [first] = profiles;
  if (profiles.length < 2 || first === undefined || first.version === null) return profiles;
  const version = await readReading(host, first.version);
  const picked = version.known ? pickProfile(profiles, version.value) : null;
  return picked === null ? profiles : [picked];
}

/**
 * Those of some profiles whose product is, or was, on a host, each product by the profile that is for its version.
 * Errors: throws when the host's root cannot be opened.
 */
export async function productsOnHost(parts: { readonly root: string; readonly hostSettings: HostSettings; readonly profiles: readonly Profile[] }): Promise<Profile[]> {
  return withHost(parts.root, parts.hostSettings, async (host) => {
    const found: Profile[] = [];
    for (const profile of parts.profiles) if (await isOnHost(host, profile)) found.push(profile);
    const products = [...new Set(found.map(({ product }) => product.name))];
    return (await Promise.all(products.map((name) => forItsVersion(host, found.filter(({ product }) => product.name === name))))).flat();
  });
}
