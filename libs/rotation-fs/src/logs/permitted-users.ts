import { accountsFrom } from '@mailwarden/inventory';
import { readHostFile } from '@mailwarden/inventory-fs';
import type { RotateRequest } from '../rotate-request.js';

const ROOT = 0;

/** Numbers of the accounts that a product's processes run under: root, and those that its profile names, as this host numbers them. */
export function permittedUsers({ host, profile }: Pick<RotateRequest, 'host' | 'profile'>): ReadonlySet<number> {
  const users = new Set([ROOT]);
  const passwd = readHostFile(host, '/etc/passwd');
  if (!passwd.ok) return users;
  const { byName } = accountsFrom(passwd.value.bytes.toString('latin1'), '');
  for (const name of [profile.accounts.service, ...profile.accounts.others]) {
    const account = byName.get(name);
    if (account !== undefined) users.add(account.uid);
  }
  return users;
}
