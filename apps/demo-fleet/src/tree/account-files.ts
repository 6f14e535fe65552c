import type { Owners } from './owners.js';

interface Entry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

const NO_LOGIN = '/usr/sbin/nologin';
/** Accounts as a Linux mail server has them; those of persons are numbered, not named. */
const ACCOUNTS: readonly Entry[] = [
  { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash' },
  { name: 'daemon', uid: 1, gid: 1, home: '/usr/sbin', shell: NO_LOGIN },
  { name: 'mail', uid: 8, gid: 8, home: '/var/mail', shell: NO_LOGIN },
  { name: 'www-data', uid: 33, gid: 33, home: '/var/www', shell: NO_LOGIN },
  { name: 'sshd', uid: 104, gid: 65_534, home: '/run/sshd', shell: NO_LOGIN },
  { name: 'postfix', uid: 105, gid: 110, home: '/var/spool/postfix', shell: NO_LOGIN },
  { name: 'user17', uid: 2_017, gid: 2_017, home: '/home/user17', shell: '/bin/bash' },
  { name: 'user23', uid: 2_023, gid: 2_023, home: '/home/user23', shell: '/bin/bash' },
  { name: 'nobody', uid: 65_534, gid: 65_534, home: '/nonexistent', shell: NO_LOGIN },
];
const GROUPS: readonly (readonly [name: string, gid: number, members: string])[] = [
  ['root', 0, ''], ['daemon', 1, ''], ['adm', 4, 'user17'], ['mail', 8, ''], ['sudo', 27, 'user17'], ['www-data', 33, ''], ['users', 100, 'user17,user23'], ['postfix', 110, ''], ['user17', 2_017, ''], ['user23', 2_023, ''], ['nogroup', 65_534, ''],
];

/** The server's own passwd file. An account that has the service's number on this machine is left out: two names of one number would say nothing. */
export function passwdFile({ service }: Pick<Owners, 'service'>): string {
  const others = ACCOUNTS.filter(({ name, uid, gid }) => name === 'root' || (uid !== service.uid && gid !== service.gid));
  return [...others, { name: 'kluser', uid: service.uid, gid: service.gid, home: '/var/opt/kaspersky/klms', shell: NO_LOGIN }].map(({ name, uid, gid, home, shell }) => `${name}:x:${uid}:${gid}:${name}:${home}:${shell}\n`).join('');
}

export function groupFile({ service }: Pick<Owners, 'service'>): string {
  const others = GROUPS.filter(([, gid]) => gid !== service.gid);
  return [...others, ['klusers', service.gid, 'kluser'] as const].map(([name, gid, members]) => `${name}:x:${gid}:${members}\n`).join('');
}
