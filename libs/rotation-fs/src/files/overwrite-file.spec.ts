import { linkSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mediumOf, overwriteFile } from './overwrite-file.js';

const LENGTH = 3 * 1024 * 1024 + 7;
let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-overwrite-'));
  file = join(dir, 'letter');
  writeFileSync(file, Buffer.alloc(LENGTH, 'secret'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('writing over a file', () => {
  it('leaves nothing of what it held, and neither its length nor its holes change', () => {
    truncateSync(file, 1e9);
    const before = statSync(file);
    overwriteFile(Buffer.from(file), before);
    const after = statSync(file);
    expect([after.size, after.blocks]).toEqual([before.size, before.blocks]);
    truncateSync(file, LENGTH);
    expect(readFileSync(file).equals(Buffer.alloc(LENGTH))).toBe(true);
  });

  it('touches no other file: not by a link, not under another identity, not under a second name', () => {
    symlinkSync(file, join(dir, 'link'));
    expect(() => overwriteFile(Buffer.from(join(dir, 'link')), statSync(file))).toThrow(expect.objectContaining({ code: 'ELOOP' }));
    expect(() => overwriteFile(Buffer.from(file), { dev: 1, ino: 1 })).toThrow('not the one');
    linkSync(file, join(dir, 'second'));
    expect(() => overwriteFile(Buffer.from(file), statSync(file))).toThrow('not the one');
    expect(readFileSync(file).equals(Buffer.alloc(LENGTH, 'secret'))).toBe(true);
  });
});

it('knows whether the disk of a device turns, or that nobody says', () => {
  expect(mediumOf('ext4', statSync('/proc').dev)).toEqual({ fileSystem: 'ext4', rotational: null });
  expect(mediumOf('ext4', statSync('/').dev)).toMatchObject({ fileSystem: 'ext4' });
});
