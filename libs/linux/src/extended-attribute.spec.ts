import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { C_LIBRARY } from './c-library.js';
import { readExtendedAttribute } from './extended-attribute.js';

const path = (text: string): Buffer => Buffer.from(`${text}\0`, 'utf8');
const setAttribute = C_LIBRARY.func('int setxattr(const char *path, const char *name, const uint8_t *value, size_t size, int flags)') as (path: string, name: string, value: Uint8Array, size: number, flags: number) => number;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailwarden-attribute-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('an extended attribute', () => {
  it('is null where there is none', () => {
    writeFileSync(join(folder, 'plain'), '');
    expect(readExtendedAttribute(path(join(folder, 'plain')), 'system.posix_acl_access')).toBeNull();
  });
  it('is an error with its name where there is no such file', () => {
    expect(() => readExtendedAttribute(path(join(folder, 'absent')), 'user.a')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
  it('has the bytes that were put there', () => {
    writeFileSync(join(folder, 'marked'), '');
    expect(setAttribute(join(folder, 'marked'), 'user.mark', Buffer.from('a\0b'), 3, 0)).toBe(0);
    expect(readExtendedAttribute(path(join(folder, 'marked')), 'user.mark')).toEqual(Buffer.from('a\0b'));
  });
});
