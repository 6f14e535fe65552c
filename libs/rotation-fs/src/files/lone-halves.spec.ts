import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withHost } from '@mailwarden/inventory-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mayBelongTogether, placeInStore, rowsWithFiles } from './lone-halves.js';

const ROOTS = ['/srv/store', '/srv/other'];

describe('the place that a row names', () => {
  it.each([['a/1', 'a/1'], ['./a/1', 'a/1'], ['/srv/store/a/1', 'a/1'], ['/srv/other/1', '1']])('is in the store for %s', (file, place) => {
    expect(placeInStore(file, ROOTS)).toBe(place);
  });

  it.each(['/a/1', '/srv/elsewhere/1', '/srv/store/../elsewhere/1', '../1', 'a//1', './/1', 'file:///srv/store/1', '', '/srv/store/', 'a\0b', 'caf\uFFFD'])('is not told by %j', (file) => {
    expect(placeInStore(file, ROOTS)).toBeNull();
  });
});

describe('a row and a file', () => {
  it.each([['backup/1.eml', '1.eml'], ['C:\\mail\\1.eml', 'a/1.EML'], ['\u00fcber', 'u\u0308ber'], ['caf\u00e9-1', 'caf\uFFFD-1']])('may belong together: %j and %j', (row, file) => {
    expect(mayBelongTogether([row], [file])).toBe(true);
  });

  it.each([['a/1.eml', 'a/2.eml'], ['caf\u00e9', 'caff\uFFFD'], ['\u0434\u0430', '\u043d\u0435']])('do not belong together: %j and %j', (row, file) => {
    expect(mayBelongTogether([row], [file])).toBe(false);
  });
});

describe('rows that are about to go', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'mailwarden-halves-'));
    for (const folder of ['srv/store/a', 'srv/other', 'srv/beside', 'away']) mkdirSync(join(root, folder), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('stay where their file is there, from wherever they reckon, and where nobody can tell', async () => {
    for (const file of ['srv/store/a/came', 'srv/other/moved', 'srv/beside/foreign', 'away/behind']) writeFileSync(join(root, file), 'x');
    symlinkSync(join(root, 'away'), join(root, 'srv/store/linked'));
    const files = ['a/came', '/srv/store/a/came', 'moved', 'beside/foreign', 'srv/beside/foreign', 'linked/behind', 'a/gone', 'gone', 'no/such/folder/gone', '/srv/store/a/gone'];
    const found = await withHost(root, { databases: {} }, (host) => Promise.resolve(rowsWithFiles(host, files.map((file) => ({ key: file, file })), ROOTS)));
    expect([...found]).toEqual(expect.arrayContaining(files.slice(0, 6)));
    expect(found.size).toBe(6);
  });
});
