import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseProfile, SHIPPED_PROFILES_URL, type Profile } from '@mailwarden/catalogue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { productsOnHost } from './products-on-host.js';

const profiles: Profile[] = readdirSync(SHIPPED_PROFILES_URL).filter((name) => name.endsWith('.yaml')).flatMap((name) => {
  const parsed = parseProfile(readFileSync(new URL(name, SHIPPED_PROFILES_URL), 'utf8'));
  return parsed.ok ? [parsed.value] : [];
});

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-products-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
const accounts = (...names: string[]): void => put('etc/passwd', ['root', ...names].map((name, uid) => `${name}:x:${uid}:${uid}::/:/bin/sh\n`).join(''));
const found = async (among: readonly Profile[] = profiles): Promise<string[]> => (await productsOnHost({ root, hostSettings: { databases: {} }, profiles: among })).map(({ id }) => id).sort();

describe('products on a host', () => {
  it('are none where nothing of them is', async () => {
    accounts();
    expect(await found()).toEqual([]);
  });

  it('are there when their package is installed', async () => {
    accounts();
    put('var/lib/dpkg/status', 'Package: rspamd\nStatus: install ok installed\nVersion: 3.4-1\n\nPackage: systemd\nStatus: install ok installed\nVersion: 252.39-1~deb12u2\n');
    expect(await found()).toEqual(['linux-host', 'rspamd']);
  });

  it('are there when they are gone and left their data and their account', async () => {
    accounts('postfix');
    put('var/spool/postfix/deferred/A/A1B2');
    expect(await found()).toEqual(['postfix']);
  });

  it('are not there for a folder that another product uses, or for settings and temporary folders alone', async () => {
    accounts('redis');
    put('var/lib/redis/dump.rdb');
    put('etc/aliases');
    put('etc/dovecot/dovecot.conf');
    put('home/anna/Maildir/cur/1');
    put('tmp/clamav-1/a');
    expect(await found()).toEqual([]);
  });

  it('are measured by the profile for their version, and by all where none is for it', async () => {
    const rspamd = profiles.filter(({ id }) => id === 'rspamd');
    const of = (id: string, versions: string): Profile[] => rspamd.map((profile) => ({ ...profile, id: id as Profile['id'], product: { ...profile.product, versions } }));
    const family = [...of('rspamd-3', '>=3 <4'), ...of('rspamd-4', '>=4')];
    accounts();
    const installed = (version: string): void => put('var/lib/dpkg/status', `Package: rspamd\nStatus: install ok installed\nVersion: ${version}\n`);
    installed('4.0.1-1');
    expect(await found(family)).toEqual(['rspamd-4']);
    installed('3.4-1');
    expect(await found(family)).toEqual(['rspamd-3']);
    installed('2.7-1');
    expect(await found(family)).toEqual(['rspamd-3', 'rspamd-4']);
  });
});
