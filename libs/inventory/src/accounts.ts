/** An account of a host, from its own `passwd` and `group` files. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  /** Primary and supplementary groups. */
  readonly gids: ReadonlySet<number>;
}

export interface Accounts {
  readonly byName: ReadonlyMap<string, Account>;
  readonly groupNames: ReadonlyMap<number, string>;
  nameOf(uid: number): string;
}

/** Accounts of persons begin here on Linux systems. Source: login.defs, UID_MIN. */
export const FIRST_PERSON_UID = 1000;
const NOBODY_UID = 65_534;
const LINES_MAX = 100_000;

export const isSystemAccount = (uid: number): boolean => uid < FIRST_PERSON_UID || uid === NOBODY_UID;

interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

const linesOf = (text: string): string[][] => text.split('\n').slice(0, LINES_MAX).map((line) => line.split(':'));
const isNumber = (field: string | undefined): field is string => field !== undefined && /^\d{1,10}$/.test(field);

function groupsFrom(text: string): Group[] {
  return linesOf(text).flatMap(([name = '', , gid, members]) => (isNumber(gid) && members !== undefined ? [{ name, gid: Number(gid), members: members.split(',') }] : []));
}

/** Numbers of the groups that name an account as a member, by its name. */
function memberships(groups: readonly Group[]): Map<string, Set<number>> {
  const byMember = new Map<string, Set<number>>();
  for (const { gid, members } of groups) {
    for (const member of members) {
      const gids = byMember.get(member);
      if (gids === undefined) byMember.set(member, new Set([gid]));
      else gids.add(gid);
    }
  }
  return byMember;
}

/** Reads what `passwd` and `group` say; lines of another form are passed over, as the system does, and the first of two with one name counts. */
export function accountsFrom(passwd: string, group: string): Accounts {
  const groups = groupsFrom(group);
  const supplementary = memberships(groups);
  const byName = new Map<string, Account>();
  const names = new Map<number, string>();
  for (const [name, , uid, gid] of linesOf(passwd)) {
    if (name === undefined || name === '' || !isNumber(uid) || !isNumber(gid) || byName.has(name)) continue;
    byName.set(name, { name, uid: Number(uid), gids: new Set([Number(gid), ...(supplementary.get(name) ?? [])]) });
    if (!names.has(Number(uid))) names.set(Number(uid), name);
  }
  return { byName, groupNames: new Map(groups.toReversed().map(({ gid, name }) => [gid, name])), nameOf: (uid) => names.get(uid) ?? `uid ${uid}` };
}
