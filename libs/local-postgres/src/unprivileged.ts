import { spawnSync } from 'node:child_process';

const SETPRIV = '/usr/bin/setpriv';
const UNSHARE = '/usr/bin/unshare';
/** Number of the account that every Linux system has; PostgreSQL asks for the name of its own. */
const NOBODY = 65_534;

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** How a program is run that refuses to be root: the account that its files belong to, and the words before its own. */
export interface Unprivileged {
  /** Owner of its files; null where they stay those of whoever runs it. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  /** Command line for a program; with `deathSignal` it is told when its parent is gone. */
  command(program: string, args: readonly string[], deathSignal?: 'INT' | 'TERM'): string[];
}

const succeeds = (command: readonly string[]): boolean => spawnSync(command[0] ?? '', command.slice(1), { stdio: 'ignore' }).status === 0;
const onDeath = (signal: string | undefined): string[] => (signal === undefined ? [] : ['--pdeathsig', signal]);

/** As an ordinary user nothing has to change. */
const asIs: Unprivileged = {
  owner: null,
  command: (program, args, signal) => (signal !== undefined && succeeds([SETPRIV, '--version']) ? [SETPRIV, ...onDeath(signal), program, ...args] : [program, ...args]),
};

const asAccount = (name: string, uid: number, gid: number): Unprivileged => ({
  owner: { uid, gid },
  command: (program, args, signal) => [SETPRIV, `--reuid=${name}`, `--regid=${gid}`, '--clear-groups', ...onDeath(signal), program, ...args],
});

/** A user namespace in which root is somebody else: for places that no other account can reach. */
const inNamespace: Unprivileged = {
  owner: null,
  command: (program, args, signal) => [UNSHARE, '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, ...(signal === undefined ? [] : [SETPRIV, ...onDeath(signal)]), program, ...args],
};

/** Null where there is none. Safety: never nobody's: any program without an account of its own runs as that, and would own the ledger. */
function postgresAccount(): Account | null {
  const ids = ['-u', '-g'].map((flag) => spawnSync('/usr/bin/id', [flag, 'postgres'], { encoding: 'utf8' }));
  const [uid, gid] = ids.map(({ status, stdout }) => (status === 0 ? Number(stdout.trim()) : Number.NaN));
  return uid !== undefined && gid !== undefined && uid > 0 && gid > 0 ? { name: 'postgres', uid, gid } : null;
}

/**
 * The least privilege that can run `program` and work in `folder`: as root the account of PostgreSQL where it gets there, else a namespace without root.
 * Errors: throws with what to do when neither is possible.
 */
export function unprivilegedFor(program: string, folder: string, own?: Account | null): Unprivileged {
  if (process.geteuid?.() !== 0) return asIs;
  const known = own === undefined ? postgresAccount() : own;
  const account = known === null ? null : asAccount(known.name, known.uid, known.gid);
  if (account !== null && succeeds(account.command(program, ['--version'])) && succeeds(account.command('/usr/bin/test', ['-x', folder]))) return account;
  if (succeeds(inNamespace.command(program, ['--version']))) return inNamespace;
  throw new Error(`PostgreSQL does not run as root, and ${known === null ? 'there is no account for it; add an account postgres' : `the account ${known.name} cannot reach ${folder}; choose a data folder that it can enter`}, or run this as an ordinary user`);
}
