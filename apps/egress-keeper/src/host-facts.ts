import { readAccounts, readHostFile, withHost } from '@mailwarden/inventory-fs';
import { isIP } from 'node:net';
import type { HostFacts } from './plan-of-host.js';

/** glibc takes three. */
const RESOLVERS_MAX = 3;
const HOSTS_LINES_MAX = 10_000;

/** Name servers that a host names; none where it names none. Source: resolv.conf(5). */
export function resolversFrom(text: string): string[] {
  const named = text.split('\n').flatMap((line) => {
    const [word, address = ''] = line.trim().split(/\s+/);
    return word === 'nameserver' && isIP(address.split('%')[0] ?? '') !== 0 ? [address.split('%')[0] ?? ''] : [];
  });
  return named.slice(0, RESOLVERS_MAX);
}

/** Addresses that a host names by itself, by lower-case name. Source: hosts(5). */
export function hostsFrom(text: string): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split('\n').slice(0, HOSTS_LINES_MAX)) {
    const [address = '', ...names] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names) hosts.set(name.toLowerCase(), [...(hosts.get(name.toLowerCase()) ?? []), address]);
  }
  return hosts;
}

/** What a host's own files say of its accounts and of names. Errors: throws where its accounts are not known; then nobody can tell whose traffic is whose. */
export function readHostFacts(root: string): Promise<HostFacts & { readonly hosts: ReadonlyMap<string, readonly string[]> }> {
  return withHost(root, { databases: {} }, (host) => {
    const accounts = readAccounts(host);
    if (!accounts.ok) throw new Error(`the accounts of this host are not known: ${accounts.error}`);
    const text = (path: string): string => {
      const read = readHostFile(host, path);
      return read.ok ? read.value.bytes.toString('latin1') : '';
    };
    return Promise.resolve({ accounts: new Map([...accounts.value.byName].map(([name, { uid }]) => [name, uid])), resolvers: resolversFrom(text('/etc/resolv.conf')), hosts: hostsFrom(text('/etc/hosts')) });
  });
}
