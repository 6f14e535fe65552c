import { closeSync, constants, openSync, readSync, type Stats } from 'node:fs';
import { coreName, programInName, type BytePath, type CoreDestination, type FolderRights } from '@mailwarden/inventory';
import { readExtendedAttribute } from '@mailwarden/linux';
import { closeDirectory, entryNames, entryPath, openChildDirectory, openDirectoryBeneath, statEntry, type Directory } from '../directory-descriptor.js';
import { readHostFile, type Host } from '../host.js';
import { CORE_HEAD_BYTES, programOfCore } from './elf-core.js';

/** Names that are looked at in one folder of dumps. */
const NAMES_MAX = 100_000;
const SYSTEMD_FOLDER = '/var/lib/systemd/coredump';
const APPORT_FOLDER = '/var/crash';
const ABRT_FOLDERS = ['/var/spool/abrt', '/var/tmp/abrt'] as const;
/** Of a report of apport: its first lines name the program. Units: bytes. */
const REPORT_HEAD_BYTES = 65_536;

/** A dump that lies on the host, and the program that it is of: a path, or the beginning of a name. */
export interface DumpSeen {
  readonly path: BytePath;
  readonly program: string;
  readonly stat: Stats;
  /** Folders that lead to it. */
  readonly through: readonly FolderRights[];
}

/** Said where a folder of dumps is there and cannot be read. Privacy: the folder is one that everybody knows, or is told as what it is for. */
export type Unread = (folder: string, why: string) => void;

const WORK_FOLDER = 'a working folder of the product';

function head(folder: Directory, name: BytePath, length: number): Buffer | null {
  try {
    const fd = openSync(entryPath(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return null; // It went meanwhile, or may not be read: then its name alone tells of it.
  }
}

const rightsOf = ({ uid, gid, mode }: FolderRights): FolderRights => ({ uid, gid, mode });

/** Opens a folder below the host's root for the time of `look`; a folder that is not there holds nothing. */
function within(host: Host, folder: BytePath, unread: Unread, look: (directory: Directory, through: FolderRights[]) => void): void {
  const beneath = openDirectoryBeneath(host.root, folder);
  if (!beneath.ok) {
    if (beneath.error !== 'absent') unread(folder, beneath.error);
    return;
  }
  try {
    look(beneath.value.directory, [...beneath.value.chain, beneath.value.directory].map(rightsOf));
  } catch {
    unread(folder, 'io-error');
  } finally {
    closeDirectory(beneath.value.directory);
  }
}

function* filesIn(directory: Directory, wanted: (name: BytePath) => boolean): Generator<{ name: BytePath; stat: Stats }> {
  for (const name of entryNames(directory).slice(0, NAMES_MAX)) {
    if (!wanted(name)) continue;
    try {
      const stat = statEntry(directory, name);
      if (stat.isFile()) yield { name, stat };
    } catch {
      continue; // It went meanwhile.
    }
  }
}

/** Cores that the kernel itself wrote, below a folder, by the components of its pattern. */
export function coresOfPattern(host: Host, base: BytePath, parts: readonly string[], unread: Unread): DumpSeen[] {
  const fixed = parts.slice(0, -1).findIndex((part) => part.includes('%'));
  const known = parts.slice(0, fixed === -1 ? -1 : fixed);
  const expressions = parts.slice(known.length).map(coreName);
  const start = `${base.replace(/\/$/, '')}/${known.join('/')}`.replace(/\/$/, '') || '/';
  const found: DumpSeen[] = [];
  const look = (directory: Directory, through: FolderRights[], path: BytePath, depth: number): void => {
    const expression = expressions[depth];
    if (expression === undefined) return;
    if (depth < expressions.length - 1) {
      for (const name of entryNames(directory).slice(0, NAMES_MAX).filter((entry) => expression.test(entry))) {
        const child = openChildDirectory(directory, name);
        if (!child.ok) continue;
        look(child.value, [...through, rightsOf(child.value)], `${path}/${name}`, depth + 1);
        closeDirectory(child.value);
      }
      return;
    }
    for (const { name, stat } of filesIn(directory, (entry) => expression.test(entry))) {
      const start = head(directory, name, CORE_HEAD_BYTES);
      const program = (start === null ? null : programOfCore(start)) ?? programInName(name, expression);
      if (program !== undefined) found.push({ path: `${path}/${name}`, program, stat, through });
    }
  };
  within(host, start, unread, (directory, through) => look(directory, through, start === '/' ? '' : start, 0));
  return found;
}

/** `core.NAME.UID.BOOT.PID.TIME`, packed or not. Source: systemd-coredump(8). */
const SYSTEMD_NAME = /^core\.(?<name>.+)\.\d+\.[0-9a-f]{32}\.\d+\.\d+(?:\.(?:zst|lz4|xz))?$/s;

function systemdDumps(host: Host, unread: Unread): DumpSeen[] {
  const found: DumpSeen[] = [];
  within(host, SYSTEMD_FOLDER, unread, (directory, through) => {
    for (const { name, stat } of filesIn(directory, (entry) => SYSTEMD_NAME.test(entry))) {
      const program = attribute(directory, name, 'user.coredump.exe') ?? attribute(directory, name, 'user.coredump.comm') ?? SYSTEMD_NAME.exec(name)?.groups?.['name'];
      if (program !== undefined) found.push({ path: `${SYSTEMD_FOLDER}/${name}`, program, stat, through });
    }
  });
  return found;
}

/** systemd writes whose dump it is next to the file. */
function attribute(directory: Directory, name: BytePath, attributeName: string): string | undefined {
  try {
    return readExtendedAttribute(Buffer.concat([entryPath(directory, name), Buffer.of(0)]), attributeName)?.toString('latin1');
  } catch {
    return undefined;
  }
}

function apportReports(host: Host, unread: Unread): DumpSeen[] {
  const found: DumpSeen[] = [];
  within(host, APPORT_FOLDER, unread, (directory, through) => {
    for (const { name, stat } of filesIn(directory, (entry) => entry.endsWith('.crash'))) {
      const text = head(directory, name, REPORT_HEAD_BYTES)?.toString('latin1') ?? '';
      // Without its text, the name tells: the program's path with `_` for `/`, and the account's number.
      const program = /^ExecutablePath: (.+)$/m.exec(text)?.[1] ?? name.replace(/\.\d+\.crash$/, '').replaceAll('_', '/');
      found.push({ path: `${APPORT_FOLDER}/${name}`, program, stat, through });
    }
  });
  return found;
}

function abrtProblems(host: Host, unread: Unread): DumpSeen[] {
  const found: DumpSeen[] = [];
  for (const folder of ABRT_FOLDERS) {
    within(host, folder, unread, (directory) => {
      for (const name of entryNames(directory).slice(0, NAMES_MAX)) {
        const path = `${folder}/${name}`;
        const executable = readHostFile(host, `${path}/executable`);
        if (!executable.ok) continue;
        const program = executable.value.bytes.toString('latin1').trim();
        within(host, path, (_problem, why) => unread(folder, why), (problem, through) => {
          for (const file of filesIn(problem, (entry) => entry === 'coredump' || entry.startsWith('coredump.'))) found.push({ path: `${path}/${file.name}`, program, stat: file.stat, through });
        });
      }
    });
  }
  return found;
}

/**
 * Dumps of any program that lie where this host's kernel and the usual collectors put them, also those of a destination that is set no more.
 * `workFolders` are those of the product's processes, for a pattern that is relative.
 */
export function dumpsOnHost(host: Host, destination: CoreDestination | null, workFolders: readonly BytePath[], unread: Unread): DumpSeen[] {
  const written = destination?.kind === 'file' ? coresOfPattern(host, '/', destination.parts, unread) : destination?.kind === 'relative' ? workFolders.flatMap((folder) => coresOfPattern(host, folder, destination.parts, (_folder, why) => unread(WORK_FOLDER, why))) : [];
  return [...written, ...systemdDumps(host, unread), ...apportReports(host, unread), ...abrtProblems(host, unread)];
}
