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

/** Reads what `passwd` and `group` say; lines of another form are passed over, as the system does. */
export function accountsFrom(passwd: string, group: string): Accounts {
  const groups = group
    .split('\n')
    .slice(0, LINES_MAX)
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4 && /^\d+$/.test(fields[2] ?? ''));
  const byName = new Map<string, Account>();
  const names = new Map<number, string>();
  for (const line of passwd.split('\n').slice(0, LINES_MAX)) {
    const [name, , uid, gid] = line.split(':');
    if (name === undefined || name === '' || uid === undefined || gid === undefined || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) continue;
    const supplementary = groups.filter((fields) => (fields[3] ?? '').split(',').includes(name)).map((fields) => Number(fields[2]));
    byName.set(name, { name, uid: Number(uid), gids: new Set([Number(gid), ...supplementary]) });
    if (!names.has(Number(uid))) names.set(Number(uid), name);
  }
  return { byName, groupNames: new Map(groups.map((fields) => [Number(fields[2]), fields[0] ?? ''])), nameOf: (uid) => names.get(uid) ?? `uid ${uid}` };
}
