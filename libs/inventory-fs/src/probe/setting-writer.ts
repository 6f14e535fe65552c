import { constants, fstatSync, openSync, closeSync } from 'node:fs';
import type { Probe, Profile, Reading } from '@mailwarden/catalogue';
import { closeDirectory, entryPath, openDirectoryBeneath } from '../directory-descriptor.js';
import { readAccounts, type Host } from '../host.js';
import { isClosed } from './closed-entry.js';

const ROOT = 0;
/** Opens a file as a mere place: nothing is read, and no pipe is waited for. Source: open(2), O_PATH; Node has no name for it. */
const PLACE = 0o10_000_000 | constants.O_NOFOLLOW;

/** Whether nobody but root could have written a file of the host, or put another in its place. A file that is not there says nothing. */
function isRootsFile(host: Pick<Host, 'root'>, path: string): boolean {
  const bytes = Buffer.from(path, 'utf8').toString('latin1');
  const slash = bytes.lastIndexOf('/');
  const beneath = openDirectoryBeneath(host.root, bytes.slice(0, slash));
  if (!beneath.ok) return beneath.error === 'absent';
  const { directory, chain } = beneath.value;
  try {
    if (![...chain, directory].every((folder) => isClosed(folder, true))) return false;
    const fd = openSync(entryPath(directory, bytes.slice(slash + 1)), PLACE);
    try {
      return isClosed(fstatSync(fd), false);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENOENT';
  } finally {
    closeDirectory(directory);
  }
}

/** What a program says counts as the word of whoever may change the program, who is root; what stands in a product's table is the product's. */
const isRootsWord = (host: Host, probe: Probe): boolean => ('file' in probe ? isRootsFile(host, probe.file) : probe.kind === 'command');

/** Whose folder the product's own account may name: its own, and those of the other accounts of its profile. */
function productUids(host: Host, { accounts }: Pick<Profile, 'accounts'>): ReadonlySet<number> {
  const known = readAccounts(host);
  const uids = known.ok ? [accounts.service, ...accounts.others].flatMap((name) => known.value.byName.get(name)?.uid ?? []) : [];
  return new Set(uids.filter((uid) => uid !== ROOT));
}

/**
 * Why a setting may not name this folder as a store, in words that name neither the folder nor its owner; null where it may.
 * Safety: who writes the setting would else have us read, and delete, what is another's: a folder counts that root alone could have named, or that belongs to the product. One that is not there holds nothing.
 */
export function whyNotNamed(host: Host, profile: Pick<Profile, 'accounts'>, { probes }: Reading, folder: string): string | null {
  if (probes.every((probe) => isRootsWord(host, probe))) return null;
  const opened = openDirectoryBeneath(host.root, Buffer.from(folder, 'utf8').toString('latin1'));
  if (!opened.ok) return opened.error === 'absent' ? null : `others than root can write it, and whose the folder is that it names cannot be told (${opened.error})`;
  closeDirectory(opened.value.directory);
  return productUids(host, profile).has(opened.value.directory.uid) ? null : 'others than root can write it, and the folder that it names belongs to no account of the product';
}
