import { closeSync, constants, openSync, readSync, type Stats } from 'node:fs';
import { coreName, programInName, type BytePath, type CoreDestination, type FolderRights } from '@mailwarden/inventory';
import { readExtendedAttribute } from '@mailwarden/linux';
import { closeDirectory, entryPath, openChildDirectory, openDirectoryBeneath, statEntry, type Directory } from '../directory-descriptor.js';
import type { Host } from '../host.js';
import { DumpSearch, PROGRAM_BYTES_MAX, type DumpSeen, type Unread } from './dump-search.js';
import { CORE_HEAD_BYTES, programOfCore } from './elf-core.js';

const SYSTEMD_FOLDER = '/var/lib/systemd/coredump';
const APPORT_FOLDER = '/var/crash';
const ABRT_FOLDERS = ['/var/spool/abrt', '/var/tmp/abrt'] as const;
/** Of a report of apport: its first lines name the program. Units: bytes. */
const REPORT_HEAD_BYTES = 65_536;

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

function* filesIn(search: DumpSearch, directory: Directory, folder: string, wanted: (name: BytePath) => boolean): Generator<{ name: BytePath; stat: Stats }> {
  for (const name of search.namesIn(directory, folder)) {
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
function coresOfPattern(host: Host, base: BytePath, parts: readonly string[], search: DumpSearch, told?: string): void {
  const fixed = parts.slice(0, -1).findIndex((part) => part.includes('%'));
  const known = parts.slice(0, fixed === -1 ? -1 : fixed);
  const expressions = parts.slice(known.length).map(coreName);
  const start = `${base.replace(/\/$/, '')}/${known.join('/')}`.replace(/\/$/, '') || '/';
  const shown = told ?? start;
  const look = (directory: Directory, through: FolderRights[], path: BytePath, depth: number): void => {
    const expression = expressions[depth];
    if (expression === undefined) return;
    if (depth < expressions.length - 1) {
      for (const name of search.namesIn(directory, shown)) {
        if (!expression.test(name)) continue;
        const child = openChildDirectory(directory, name);
        if (!child.ok) continue;
        look(child.value, [...through, rightsOf(child.value)], `${path}/${name}`, depth + 1);
        closeDirectory(child.value);
      }
      return;
    }
    for (const { name, stat } of filesIn(search, directory, shown, (entry) => expression.test(entry))) {
      const start = head(directory, name, CORE_HEAD_BYTES);
      const program = (start === null ? null : programOfCore(start)) ?? programInName(name, expression);
      if (program !== undefined) search.see({ path: `${path}/${name}`, program, stat, through });
    }
  };
  within(host, start, (_folder, why) => search.unread(shown, why), (directory, through) => look(directory, through, start === '/' ? '' : start, 0));
}

/** `core.NAME.UID.BOOT.PID.TIME`, packed or not. Source: systemd-coredump(8). */
const SYSTEMD_NAME = /^core\.(?<name>.+)\.\d+\.[0-9a-f]{32}\.\d+\.\d+(?:\.(?:zst|lz4|xz))?$/s;

function systemdDumps(host: Host, search: DumpSearch): void {
  within(host, SYSTEMD_FOLDER, search.unread, (directory, through) => {
    for (const { name, stat } of filesIn(search, directory, SYSTEMD_FOLDER, (entry) => SYSTEMD_NAME.test(entry))) {
      const program = attribute(directory, name, 'user.coredump.exe') ?? attribute(directory, name, 'user.coredump.comm') ?? SYSTEMD_NAME.exec(name)?.groups?.['name'];
      if (program !== undefined) search.see({ path: `${SYSTEMD_FOLDER}/${name}`, program, stat, through });
    }
  });
}

/** systemd writes whose dump it is next to the file. */
function attribute(directory: Directory, name: BytePath, attributeName: string): string | undefined {
  try {
    return readExtendedAttribute(Buffer.concat([entryPath(directory, name), Buffer.of(0)]), attributeName)?.toString('latin1');
  } catch {
    return undefined;
  }
}

function apportReports(host: Host, search: DumpSearch): void {
  within(host, APPORT_FOLDER, search.unread, (directory, through) => {
    for (const { name, stat } of filesIn(search, directory, APPORT_FOLDER, (entry) => entry.endsWith('.crash'))) {
      const text = head(directory, name, REPORT_HEAD_BYTES)?.toString('latin1') ?? '';
      // Without its text, the name tells: the program's path with `_` for `/`, and the account's number.
      const program = /^ExecutablePath: (.+)$/m.exec(text)?.[1] ?? name.replace(/\.\d+\.crash$/, '').replaceAll('_', '/');
      search.see({ path: `${APPORT_FOLDER}/${name}`, program, stat, through });
    }
  });
}

/** Each problem is a folder. A folder of problems that is not the system's own was made by somebody who may put anything there. */
function abrtProblems(host: Host, search: DumpSearch): void {
  for (const folder of ABRT_FOLDERS) {
    within(host, folder, search.unread, (directory) => {
      if (directory.uid !== host.root.uid) return;
      for (const name of search.namesIn(directory, folder)) abrtProblem(host, folder, name, search);
    });
  }
}

function abrtProblem(host: Host, folder: BytePath, name: BytePath, search: DumpSearch): void {
  const path = `${folder}/${name}`;
  within(host, path, (_problem, why) => void (why === 'not-a-folder' || search.unread(folder, why)), (problem, through) => {
    const program = head(problem, 'executable', PROGRAM_BYTES_MAX)?.toString('latin1').trim();
    if (program === undefined) return;
    for (const file of filesIn(search, problem, folder, (entry) => entry === 'coredump' || entry.startsWith('coredump.'))) search.see({ path: `${path}/${file.name}`, program, stat: file.stat, through });
  });
}

/**
 * Dumps of the product that lie where this host's kernel and the usual collectors put them, also those of a destination that is set no more.
 * `workFolders` are those of the product's processes, for a pattern that is relative.
 */
export function dumpsOnHost(host: Host, destination: CoreDestination | null, workFolders: readonly BytePath[], isProduct: (program: string) => boolean, unread: Unread): DumpSeen[] {
  const kinds = [
    (search: DumpSearch): void => {
      if (destination?.kind === 'file') coresOfPattern(host, '/', destination.parts, search);
      if (destination?.kind === 'relative') for (const folder of workFolders) coresOfPattern(host, folder, destination.parts, search, WORK_FOLDER);
    },
    (search: DumpSearch): void => systemdDumps(host, search),
    (search: DumpSearch): void => apportReports(host, search),
    (search: DumpSearch): void => abrtProblems(host, search),
  ];
  return kinds.flatMap((look) => {
    const search = new DumpSearch(isProduct, unread);
    look(search);
    return search.found;
  });
}
