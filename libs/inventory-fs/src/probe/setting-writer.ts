import type { Probe, Profile, Reading } from '@mailwarden/catalogue';
import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, openDirectoryBeneath } from '../directory-descriptor.js';
import { readAccounts, type Host } from '../host.js';
import { isShutWay } from './shut-way.js';

const ROOT = 0;

const bytePath = (path: string): BytePath => Buffer.from(path, 'utf8').toString('latin1');

/**
 * What a program says that runs with our rights counts as the word of whoever may change the program, who is root; what one says that runs as an account, or what stands in a product's table is the product's.
 * A file counts as root's word where nobody else could have written it, or put another in its place. One that is not there says nothing, where nobody else could have laid one there for a moment.
 */
const isRootsWord = (host: Host, probe: Probe): boolean => ('file' in probe ? isShutWay(host.root, bytePath(probe.file)) : probe.kind === 'command' && probe.account === null);

/** Whose folder the product's own account may name: its own, and those of the other accounts of its profile. */
function productUids(host: Host, { accounts }: Pick<Profile, 'accounts'>): ReadonlySet<number> {
  const known = readAccounts(host);
  const uids = known.ok ? [accounts.service, ...accounts.others].flatMap((name) => known.value.byName.get(name)?.uid ?? []) : [];
  return new Set(uids.filter((uid) => uid !== ROOT));
}

/**
 * Why a setting may not name this folder as a store, in words that name neither the folder nor its owner; null where it may.
 * Safety: who writes the setting would else have us read, and delete, what is another's: a folder counts that root alone could have named, or that belongs to the product.
 * One that is not there holds nothing, and counts where root alone could make it: whoever else could would choose what it is once nobody looks.
 */
export function whyNotNamed(host: Host, profile: Pick<Profile, 'accounts'>, { probes }: Reading, folder: string): string | null {
  if (probes.every((probe) => isRootsWord(host, probe))) return null;
  const opened = openDirectoryBeneath(host.root, bytePath(folder));
  if (!opened.ok && opened.error === 'absent') return isShutWay(host.root, bytePath(folder)) ? null : 'others than root can write it, and the folder that it names is not there, and could be made by others than root';
  if (!opened.ok) return `others than root can write it, and whose the folder is that it names cannot be told (${opened.error})`;
  closeDirectory(opened.value.directory);
  return productUids(host, profile).has(opened.value.directory.uid) ? null : 'others than root can write it, and the folder that it names belongs to no account of the product';
}
