import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostSettings, ServerDatabase } from '@mailwarden/catalogue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toldPlace } from './server-place.js';

const SECRET = 'a line of the running host';
const DATABASE: ServerDatabase = { engine: 'postgresql', name: 'events', socket: '/run/none', user: 'watcher' };

let dir = '';
let root = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-password-'));
  root = join(dir, 'tree');
  mkdirSync(join(root, 'etc/mailwarden'), { recursive: true });
  writeFileSync(join(dir, 'secret'), SECRET, { mode: 0o600 });
  writeFileSync(join(root, 'etc/mailwarden/password'), 'of the tree\n');
});
afterEach(() => rmSync(dir, { recursive: true }));

function passwordOf(passwordFile: string, passwordBelow?: string): string {
  const settings: HostSettings = { databases: { events: { host: '192.0.2.1', port: 0, name: 'events', user: '', passwordFile, ...(passwordBelow === undefined ? {} : { passwordBelow }) } } };
  const told = toldPlace(DATABASE, settings);
  return told.ok ? (told.value?.password ?? '') : `(${told.error})`;
}

describe('a password that the settings of a tree name', () => {
  it('is read below its root alone, whichever way it is named', () => {
    expect(passwordOf('/etc/mailwarden/password', root)).toBe('of the tree');
    expect(passwordOf(join(root, 'etc/mailwarden/password'), root)).toBe('of the tree');
    expect(passwordOf(join(dir, 'secret'))).toBe(SECRET);
  });

  it('is never a line of the running host, by its path, by a link, or by way of one', () => {
    symlinkSync(join(dir, 'secret'), join(root, 'etc/link'));
    symlinkSync(dir, join(root, 'etc/folder'));
    for (const file of [join(dir, 'secret'), '/etc/hostname', '/etc/link', '/etc/folder/secret', '/../secret', `${root}/../secret`]) expect(passwordOf(file, root), file).toMatch(/^\(its password file .* cannot be read/);
  });
});
