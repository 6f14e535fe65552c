import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProfileId } from '@mailwarden/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chosenProfiles } from './chosen-profiles.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-chosen-'));
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
});
afterEach(() => rmSync(root, { recursive: true }));
const chosen = async (profiles: 'auto' | ProfileId[]): Promise<string[]> => (await chosenProfiles({ profiles, root }, { databases: {} })).map(({ id }) => id);

describe('the profiles of an agent', () => {
  it('are those that its settings name', async () => {
    expect(await chosen(['postfix', 'dovecot'] as ProfileId[])).toEqual(['postfix', 'dovecot']);
    await expect(chosen(['postfx' as ProfileId])).rejects.toThrow('no profile is called postfx');
  });

  it('are with auto those of the products on the host', async () => {
    await expect(chosen('auto')).rejects.toThrow('none of the products that Mailwarden knows');
    mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true });
    writeFileSync(join(root, 'var/lib/dpkg/status'), 'Package: rspamd\nStatus: install ok installed\nVersion: 3.4-1\n');
    expect(await chosen('auto')).toEqual(['rspamd']);
  });
});
