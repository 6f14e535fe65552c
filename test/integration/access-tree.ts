import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ACL_ATTRIBUTE, DEFAULT_ACL_ATTRIBUTE, OPEN_WAY, parseAcl, Ways, type Acl, type EntryRights } from '@mailwarden/inventory';
import { readExtendedAttribute } from '@mailwarden/linux';
import type { Choose } from './seeded-choices.js';

/** Rights of one file or folder as a test wants them. `entries` are lines of getfacl; empty where the mode alone counts. */
export interface Wanted {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly entries: readonly string[];
}

/** A file or folder to be tried, below two folders with rights of their own. */
export interface Place {
  readonly path: string;
  readonly folder: boolean;
}

const OWNERS = [[60_001, 60_001], [0, 60_001], [60_004, 60_001], [60_001, 60_005], [0, 0], [60_008, 60_007]] as const;
const FOLDER_MODES = [0o700, 0o750, 0o710, 0o711, 0o755, 0o770, 0o777, 0o1777, 0o005, 0o010, 0o070, 0o733, 0o1770];
const FILE_MODES = [0o600, 0o640, 0o660, 0o604, 0o066, 0o060, 0o006, 0o400, 0o020, 0o002, 0o777, 0o000];
/** By the number that they have in a mode. */
const BITS = ['---', '--x', '-w-', '-wx', 'r--', 'r-x', 'rw-', 'rwx'] as const;
const NAMED_USERS = [60_001, 60_002, 60_003, 60_004, 60_006, 60_008];
const NAMED_GROUPS = [60_001, 60_005, 60_007, 60_003];

/** Entries that name somebody, each once, with a mask, as the kernel demands. */
function randomList(choose: Choose): string[] {
  const some = (ids: readonly number[], word: string): string[] => ids.filter(() => choose([true, false, false])).map((id) => `${word}:${id}:${choose(BITS)}`);
  const named = [...some(NAMED_USERS, 'user'), ...some(NAMED_GROUPS, 'group')];
  return [`user::${choose(BITS)}`, `group::${choose(BITS)}`, `other::${choose(BITS)}`, ...named, ...(named.length > 0 || choose([true, false]) ? [`mask::${choose(BITS)}`] : [])];
}

export function randomRights(choose: Choose, folder: boolean): Wanted {
  const [uid, gid] = choose(OWNERS);
  const entries = choose([true, false]) ? randomList(choose) : [];
  const inherited = folder && choose([true, false, false]) ? randomList(choose).map((line) => `default:${line}`) : [];
  return { uid, gid, mode: choose(folder ? FOLDER_MODES : FILE_MODES), entries: [...entries, ...inherited] };
}

/** A list must be whole: where only a default one is wanted, the other says what the mode says. */
const wholeList = ({ mode, entries }: Wanted): string[] =>
  entries.every((line) => line.startsWith('default:')) ? [`user::${BITS[(mode >> 6) & 7]}`, `group::${BITS[(mode >> 3) & 7]}`, `other::${BITS[mode & 7]}`, ...entries] : [...entries];

/** Gives rights to all of these at once. A list of its own sets the mode's bits as well. */
export function giveRights(root: string, wanted: readonly { readonly path: string; readonly rights: Wanted }[]): void {
  for (const { path, rights } of wanted) {
    chownSync(path, rights.uid, rights.gid);
    chmodSync(path, rights.mode);
  }
  const lists = wanted.filter(({ rights }) => rights.entries.length > 0).map(({ path, rights }) => [`# file: ${path.slice(root.length + 1)}`, ...wholeList(rights), ''].join('\n'));
  execFileSync('/usr/bin/setfacl', ['--restore=-'], { cwd: root, env: {}, input: lists.join('\n') });
}

const listOf = (path: string, name: string): Acl | null => {
  const bytes = readExtendedAttribute(Buffer.from(`${path}\0`, 'utf8'), name);
  const acl = bytes === null ? null : parseAcl(bytes);
  if (bytes !== null && acl === null) throw new Error(`the kernel's own list of ${path} was not understood: ${bytes.toString('hex')}`);
  return acl;
};

/** Rights as they lie on disk, whatever was asked for. */
export const rightsOnDisk = (path: string): Pick<EntryRights, 'uid' | 'gid' | 'mode' | 'acl' | 'folder' | 'defaultAcl'> => {
  const stat = lstatSync(path);
  return { uid: stat.uid, gid: stat.gid, mode: stat.mode & 0o7777, folder: stat.isDirectory(), acl: listOf(path, ACL_ATTRIBUTE), defaultAcl: stat.isDirectory() ? listOf(path, DEFAULT_ACL_ATTRIBUTE) : null };
};

/** Rights of a place with the way to it, as a walk from `root` tells them. */
export function entryRights(root: string, { path, folder }: Place, ways: Ways): EntryRights {
  const above: string[] = [];
  for (let at = dirname(path); at !== root; at = dirname(at)) above.unshift(at);
  const way = above.reduce((before, at) => ways.through(before, rightsOnDisk(at)), OPEN_WAY);
  return { ...rightsOnDisk(path), folder, through: way.folders, items: 1 };
}

/** A place with its rights and those of the folders above it, in words that a failure can be understood by. */
export function saidOf(root: string, { path }: Place): string {
  const words: string[] = [];
  for (let at = path; at !== root; at = dirname(at)) {
    const { uid, gid, mode, acl } = rightsOnDisk(at);
    words.unshift(`${uid}:${gid} ${mode.toString(8)}${acl === null || acl === undefined ? '' : ` [${acl.key}]`}`);
  }
  return words.join(' / ');
}

/** A file, or a folder that holds an entry of the super-user's. */
export function makePlace(place: Place): Place {
  if (place.folder) {
    mkdirSync(place.path);
    writeFileSync(join(place.path, 'kept'), '');
  } else writeFileSync(place.path, 'x');
  return place;
}
