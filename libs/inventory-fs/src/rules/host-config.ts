import { lstatSync, readlinkSync } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { err, instantOf, known, ok, unknown, type Instant, type Measured, type Result } from '@mailwarden/kernel';
import { ABSENT, type ConfigSource, type LocalClock } from '@mailwarden/rotation-rules';
import { closeDirectory, entryNames, entryPath, openDirectoryBeneath, type Directory } from '../directory-descriptor.js';
import { NO_SUCH_FILE, readHostFile, type Host } from '../host.js';

/** A folder that holds more is no folder of configuration or logs that people look after. */
const ENTRIES_MAX = 20_000;

/** A file of configuration that is larger is none that people write, and would be read many times over where it includes itself. Units: bytes. */
const CONFIG_BYTES_MAX = 1024 * 1024;

/** Whether a link stands for "nothing", as systemd has a file masked. Source: systemd.unit(5). */
function isMasked(host: Pick<Host, 'root'>, path: BytePath): boolean {
  return inFolderOf(host, path, (folder, name) => readlinkSync(entryPath(folder, name), 'latin1') === '/dev/null') === true;
}

function inFolderOf<T>(host: Pick<Host, 'root'>, path: BytePath, use: (folder: Directory, name: BytePath) => T): T | null {
  const slash = path.lastIndexOf('/');
  const beneath = openDirectoryBeneath(host.root, path.slice(0, slash));
  if (!beneath.ok) return null;
  try {
    return use(beneath.value.directory, path.slice(slash + 1));
  } catch {
    return null;
  } finally {
    closeDirectory(beneath.value.directory);
  }
}

/** Names of a folder below the host's root, in byte order; none where it cannot be opened. */
export function hostEntries(host: Pick<Host, 'root'>, folder: BytePath): BytePath[] {
  const beneath = openDirectoryBeneath(host.root, folder);
  if (!beneath.ok) return [];
  try {
    return entryNames(beneath.value.directory).sort().slice(0, ENTRIES_MAX);
  } catch {
    return [];
  } finally {
    closeDirectory(beneath.value.directory);
  }
}

/** Size and last change of a regular file below the host's root; null where there is none. */
export function hostFileStat(host: Pick<Host, 'root'>, path: BytePath): { readonly size: number; readonly mtimeMs: number } | null {
  return inFolderOf(host, path, (folder, name) => {
    const stat = lstatSync(entryPath(folder, name));
    return stat.isFile() ? { size: stat.size, mtimeMs: stat.mtimeMs } : null;
  });
}

/** When a file was last written, as a moment; unknown where there is none. */
export function writtenAt(host: Pick<Host, 'root'>, path: BytePath): Measured<Instant> {
  const stat = hostFileStat(host, path);
  return stat === null ? unknown(`there is no ${path}`) : known(instantOf(Math.max(0, Math.round(stat.mtimeMs))), path);
}

/** The host's configuration files, for those who read them. Safety: each is opened through the host's root; links are not followed. */
export function hostConfig(host: Pick<Host, 'root'>): ConfigSource {
  const remembered = new Map<string, Result<string, string>>();
  const read = (path: string): Result<string, string> => {
    const file = readHostFile(host, path);
    if (file.ok) return file.value.bytes.length > CONFIG_BYTES_MAX ? err(`it has more than ${CONFIG_BYTES_MAX} bytes`) : ok(file.value.bytes.toString('latin1'));
    return file.error === NO_SUCH_FILE || isMasked(host, path) ? err(ABSENT) : err(file.error);
  };
  return {
    read: (path) => {
      const text = remembered.get(path) ?? read(path);
      remembered.set(path, text);
      return text;
    },
    entries: (folder) => hostEntries(host, folder),
  };
}

/** The calendar of the zone that this process runs in: that of the host, where its root is this machine's own. */
export const localClock: LocalClock = (year, month, day, hour, minute, second) => new Date(year, month - 1, day, hour, minute, second).getTime();
