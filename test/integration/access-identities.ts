import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** An account for the time of a test: numbers that nobody on a real machine has, and need not have. */
export interface Identity {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

export const IDENTITIES: readonly Identity[] = [
  { name: 'root', uid: 0, gid: 0, groups: [] },
  { name: 'owner', uid: 60_001, gid: 60_001, groups: [] },
  { name: 'member', uid: 60_002, gid: 60_002, groups: [60_001] },
  { name: 'primary', uid: 60_003, gid: 60_001, groups: [] },
  { name: 'other-group', uid: 60_004, gid: 60_004, groups: [60_005] },
  { name: 'many-groups', uid: 60_006, gid: 60_006, groups: [60_001, 60_005, 60_007] },
  { name: 'stranger', uid: 60_008, gid: 60_008, groups: [] },
];

/** Files of accounts of a host that has these, by their names in `etc`. */
export function accountFiles(): { readonly passwd: string; readonly group: string } {
  const numbers = [...new Set(IDENTITIES.flatMap(({ groups }) => groups))];
  const membersOf = (gid: number): string => IDENTITIES.filter(({ groups }) => groups.includes(gid)).map(({ name }) => name).join(',');
  return {
    passwd: IDENTITIES.map(({ name, uid, gid }) => `${name}:x:${uid}:${gid}::/:\n`).join(''),
    group: numbers.map((gid) => `group-${gid}:x:${gid}:${membersOf(gid)}\n`).join(''),
  };
}

/** Needs rights of its own: to become other accounts, and to give files away. Null where they are there, else what is missing. */
export function missingForIdentities(): string | null {
  if (process.getuid?.() !== 0) return 'becoming other accounts needs the super-user';
  for (const program of ['/usr/bin/setpriv', '/usr/bin/setfacl']) if (!existsSync(program)) return `${program} is not there`;
  return null;
}

/** Asks the kernel, as whoever runs it: opens files to read and to write, lists folders, makes an entry in them, renames what another put there. */
const ASK = `
const fs = require('node:fs');
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_DIRECTORY } = fs.constants;
const can = (work) => { try { work(); return true; } catch { return false; } };
const opens = (path, flags) => can(() => fs.closeSync(fs.openSync(path, flags)));
const makes = (path) => opens(path, O_WRONLY | O_CREAT | O_EXCL) && (fs.unlinkSync(path), true);
const moves = (path) => can(() => fs.renameSync(path, path + '-moved')) && (fs.renameSync(path + '-moved', path), true);
const answers = JSON.parse(fs.readFileSync(0, 'utf8')).map(({ path, folder }) => folder
  ? { read: opens(path, O_RDONLY | O_DIRECTORY), write: makes(path + '/new-' + process.getuid()), replace: moves(path + '/kept') }
  : { read: opens(path, O_RDONLY), write: opens(path, O_WRONLY), replace: false });
process.stdout.write(JSON.stringify(answers));
`;

export interface Answer {
  readonly read: boolean;
  readonly write: boolean;
  /** For folders: whether an entry that another put there can be taken away. */
  readonly replace: boolean;
}

const ANSWERS_BYTES_MAX = 64 * 1024 * 1024;

/** What open(2) and rename(2) answer to an identity, in one process that has its numbers and tries all places. */
export function kernelAnswers({ uid, gid, groups }: Identity, places: readonly { readonly path: string; readonly folder: boolean }[]): Answer[] {
  const supplementary = groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`;
  const answer = execFileSync('/usr/bin/setpriv', [`--reuid=${uid}`, `--regid=${gid}`, supplementary, process.execPath, '-e', ASK], { input: JSON.stringify(places), encoding: 'utf8', env: {}, cwd: '/', maxBuffer: ANSWERS_BYTES_MAX });
  return JSON.parse(answer) as Answer[];
}
