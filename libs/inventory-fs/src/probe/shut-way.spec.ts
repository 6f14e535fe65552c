import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Profile, Reading } from '@mailwarden/catalogue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withHost } from '../host.js';
import { whyNotNamed } from './setting-writer.js';
import { isShutWay } from './shut-way.js';

const isRoot = process.getuid?.() === 0;
const ONLY_ROOT = isRoot ? '' : ' (skipped: giving files away needs the super-user)';
const PRODUCT = 54_321;
const STRANGER = 54_322;
const FILE = '/etc/product/product.conf';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-shut-'));
  mkdirSync(join(root, 'etc/product'), { recursive: true, mode: 0o755 });
  writeFileSync(join(root, FILE), 'store=/srv/letters\n', { mode: 0o644 });
  writeFileSync(join(root, 'etc/passwd'), `root:x:0:0::/:\nproduct:x:${PRODUCT}:${PRODUCT}::/:\n`);
});
afterEach(() => rmSync(root, { recursive: true }));

const isShut = (path = FILE): Promise<boolean> => withHost(root, { databases: {} }, (host) => Promise.resolve(isShutWay(host.root, path)));

const PROFILE: Pick<Profile, 'accounts'> = { accounts: { service: 'product', others: [], groups: [], source: null } };
const READING: Reading = { probes: [{ kind: 'file-key', file: FILE, format: 'ini', key: 'store' } as Reading['probes'][number]], values: null, after: null, until: null, factor: 1, source: null };
const whyNot = (folder: string): Promise<string | null> => withHost(root, { databases: {} }, (host) => Promise.resolve(whyNotNamed(host, PROFILE, READING, folder)));

describe('a way that only root, or the running account, could have laid', () => {
  it('is one whose every folder is closed to others, and whose file is', async () => {
    expect(await isShut()).toBe(true);
    chmodSync(join(root, FILE), 0o664);
    expect(await isShut()).toBe(false);
  });

  it.each([0o775, 0o757, 0o1777])('is none over a folder that others may write in: %o', async (mode) => {
    chmodSync(join(root, 'etc/product'), mode);
    expect(await isShut()).toBe(false);
    expect(await isShut('/etc/product/none.conf')).toBe(false);
    expect(await isShut('/etc/product/none/none.conf')).toBe(false);
  });

  it('may lead to nothing, where nobody else could lay something there', async () => {
    expect([await isShut('/etc/product/none.conf'), await isShut('/etc/none/none.conf'), await isShut('/none')]).toEqual([true, true, true]);
  });

  it('is none over a link', async () => {
    symlinkSync('product', join(root, 'etc/linked'));
    expect(await isShut('/etc/linked/product.conf')).toBe(false);
  });

  it.runIf(isRoot)(`is none over a folder of another account${ONLY_ROOT}`, async () => {
    chownSync(join(root, 'etc/product'), STRANGER, STRANGER);
    expect([await isShut(), await isShut('/etc/product/none.conf')]).toEqual([false, false]);
  });
});

describe.runIf(isRoot)(`a folder that a setting names as a store${ONLY_ROOT}`, () => {
  beforeEach(() => {
    mkdirSync(join(root, 'srv/letters'), { recursive: true });
    chownSync(join(root, 'srv/letters'), STRANGER, STRANGER);
  });

  it.each(['etc', 'etc/product'])('is not taken from a file that was away when it was looked who could write it: %s', async (open) => {
    chownSync(join(root, open), PRODUCT, PRODUCT);
    renameSync(join(root, 'etc/product'), join(root, 'etc/away'));
    if (open === 'etc/product') {
      mkdirSync(join(root, open));
      chownSync(join(root, open), PRODUCT, PRODUCT);
    }
    expect(await whyNot('/srv/letters')).toContain('belongs to no account of the product');
  });

  it('counts where the file says so that root alone could have written', async () => {
    expect(await whyNot('/srv/letters')).toBeNull();
    expect(await whyNot('/srv/none')).toBeNull();
  });

  it('counts where it is not there yet and root alone could make it, and not where others could', async () => {
    chownSync(join(root, FILE), PRODUCT, PRODUCT);
    expect(await whyNot('/srv/none')).toBeNull();
    chownSync(join(root, 'srv'), PRODUCT, PRODUCT);
    expect(await whyNot('/srv/none/deeper')).toContain('is not there, and could be made by others than root');
  });
});
