import type { Store } from '@mailwarden/catalogue';
import type { AccessBreach, StoreObservation } from '@mailwarden/contracts';
import { isSystemAccount, type Accounts } from '@mailwarden/inventory';
import { err, keyedHash, type Result } from '@mailwarden/kernel';
import { listAccess, tableAccess, type TableAccess, type TableRole } from '@mailwarden/product-database';
import type { Host } from '../host.js';

type Access = StoreObservation['access'];

/** What roles are named by. Privacy: a role may bear a person's name, which leaves the host as a keyed hash. */
export interface RoleNaming {
  readonly accounts: Accounts | null;
  /** Accounts that the profile itself names. */
  readonly profileAccounts: readonly string[];
  /** Null where nothing leaves the host. */
  readonly hashKey: Uint8Array | null;
}

/** Roles of the product, and of Mailwarden where the host's settings give it another one. */
interface KnownRoles {
  readonly profileUser: string | null;
  readonly ownUser: string | null;
}

const HASH_SHOWN = 12;
const NAME_MAX = 80;
const REASON_MAX = 500;
const LINES_MAX = 64;
const EVERYONE_HERE = 'everyone on this host';

const isDeclared = ({ name, isServers }: TableRole, { protection }: Store, { profileUser, ownUser }: KnownRoles): boolean => isServers || name === profileUser || name === ownUser || protection.accounts?.includes(name) === true;
const reasonOf = ({ name, because }: TableRole, { ownUser, profileUser }: KnownRoles): string => (name === ownUser && name !== profileUser ? `Mailwarden's own role, ${because}` : because);

function breachOf(account: string, { read, write }: { read: boolean; write: boolean }, because: string): AccessBreach {
  return { kind: 'database', account, read, write, items: 1, mode: '', because };
}

function shownRole({ name, isServers }: TableRole, { profileUser, ownUser }: KnownRoles, { accounts, profileAccounts, hashKey }: RoleNaming): string {
  const account = accounts?.byName.get(name);
  // A server that was made by a person is run by a role of that person's name.
  const isNobodys = name === profileUser || name === ownUser || profileAccounts.includes(name) || (account === undefined ? isServers : isSystemAccount(account.uid));
  return `database role ${hashKey === null || isNobodys ? name : keyedHash(hashKey, name).slice(0, HASH_SHOWN)}`.slice(0, NAME_MAX);
}

/** Roles as lines beside the host's accounts, and as breaches where the profile names somebody else. */
function told({ roles, openToHost }: TableAccess, store: Store, known: KnownRoles, naming: RoleNaming): Access {
  const declares = store.protection.accounts !== null;
  const nameOf = (role: TableRole): string => shownRole(role, known, naming);
  const accounts = roles.map((role) => ({ name: nameOf(role), read: role.read, write: role.write, because: reasonOf(role, known), ...(declares ? { declared: isDeclared(role, store, known) } : {}) }));
  const breaches = roles.filter((role) => declares && !isDeclared(role, store, known)).map((role) => breachOf(nameOf(role), role, role.because));
  return { accounts, breaches: openToHost === null ? breaches : [breachOf(EVERYONE_HERE, { read: true, write: true }, openToHost), ...breaches] };
}

async function asked(host: Host, store: Store): Promise<Result<TableAccess, string> | null> {
  if (store.lists !== null) return listAccess(store.lists.database, host);
  if (store.rows === null || store.rows.database.engine === 'sqlite') return null; // Who gets at the file gets at its rows.
  return tableAccess(store.rows, host).catch(() => err('the database gave no answer'));
}

/** Adds to who gets at the files of a store which roles of the product's database get at its records. Where the rights of a file decide, there is nothing to add. */
export async function withRecordAccess(files: Access, host: Host, store: Store, naming: RoleNaming): Promise<Access> {
  const access = await asked(host, store);
  if (access === null) return files;
  const unseen = files.unseen ?? [];
  if (!access.ok) return { ...files, unseen: [...unseen, { what: 'who reads its records in the database', why: access.error.slice(0, REASON_MAX) }] };
  const database = store.lists?.database ?? store.rows?.database;
  const known = { profileUser: database !== undefined && 'user' in database ? database.user : null, ownUser: host.settings.databases[database?.name ?? '']?.user ?? null };
  const records = told(access.value, store, known, naming);
  return { ...files, accounts: [...files.accounts, ...records.accounts].slice(0, LINES_MAX), breaches: [...records.breaches, ...files.breaches].slice(0, LINES_MAX) };
}
