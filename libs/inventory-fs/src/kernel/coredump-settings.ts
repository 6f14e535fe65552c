import { basename } from 'node:path';
import { closeDirectory, entryNames, openDirectoryBeneath } from '../directory-descriptor.js';
import { readHostFile, type Host } from '../host.js';
import { ini } from '../probe/line-formats.js';
import { textOf } from '../probe/file-formats.js';

/** Folders of settings, the one that counts most first. Source: coredump.conf(5). */
const FOLDERS = ['/etc/systemd', '/run/systemd', '/usr/local/lib/systemd', '/usr/lib/systemd'] as const;
const FILE = 'coredump.conf';
/** Drop-ins are read after the main file, by name, whichever folder they lie in. */
const DROP_INS = 'coredump.conf.d';
const NAMES_MAX = 1_000;

/** What systemd-coredump does with what it gets. */
export interface CoredumpSettings {
  /** `external`, `journal` or `none`. */
  readonly storage: string;
  /** Most that the folder may hold, as it is written; null where nothing is. */
  readonly maxUse: string | null;
}

function namesIn(host: Host, folder: string): string[] {
  const beneath = openDirectoryBeneath(host.root, folder);
  if (!beneath.ok) return [];
  try {
    return entryNames(beneath.value.directory).filter((name) => name.endsWith('.conf')).slice(0, NAMES_MAX);
  } finally {
    closeDirectory(beneath.value.directory);
  }
}

/** Files in the order in which they are read: of two with one name the one from the folder that counts more. */
function filesOf(host: Host): string[] {
  const main = FOLDERS.map((folder) => `${folder}/${FILE}`).find((path) => readHostFile(host, path).ok);
  const dropIns = new Map<string, string>();
  for (const folder of FOLDERS) for (const name of namesIn(host, `${folder}/${DROP_INS}`)) if (!dropIns.has(name)) dropIns.set(name, `${folder}/${DROP_INS}/${name}`);
  return [...(main === undefined ? [] : [main]), ...[...dropIns.values()].sort((a, b) => (basename(a) < basename(b) ? -1 : 1))];
}

/** Reads what holds on this host; what nothing says is as systemd documents it. */
export function coredumpSettings(host: Host): CoredumpSettings {
  let [storage, maxUse]: [string, string | null] = ['external', null];
  for (const path of filesOf(host)) {
    const file = readHostFile(host, path);
    if (!file.ok) continue; // A link to nowhere switches a drop-in off.
    try {
      const text = textOf(file.value.bytes);
      storage = ini(text, 'Coredump.Storage')?.toLowerCase() || storage;
      maxUse = ini(text, 'Coredump.MaxUse') || maxUse;
    } catch {
      continue; // It is no text: systemd passes it over as well.
    }
  }
  return { storage, maxUse };
}
