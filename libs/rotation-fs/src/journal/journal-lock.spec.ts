import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFile } from '@mailwarden/linux';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockOrder } from './journal-lock.js';

let [dir, path] = ['', ''];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-lock-'));
  path = join(dir, 'order.lock');
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('an order', () => {
  it('is taken by one at a time, and can be taken again when it was given back', () => {
    const give = lockOrder(path);
    expect(readFileSync(path, 'latin1')).toMatch(new RegExp(`^${process.pid} \\d+$`));
    expect(() => lockOrder(path)).toThrow(`process ${process.pid} is carrying out this order`);
    give();
    expect(existsSync(path)).toBe(false);
    lockOrder(path)();
  });

  it('is not taken from whoever has just begun to take it and has not said yet who it is', () => {
    const fd = openSync(path, 'w');
    expect(lockFile(fd)).toBe(true);
    expect(() => lockOrder(path)).toThrow('another process is carrying out this order');
    closeSync(fd);
    lockOrder(path)();
  });

  it('is taken over from a process that has died, by one alone', () => {
    writeFileSync(path, '1 1');
    const give = lockOrder(path);
    expect(() => lockOrder(path)).toThrow('is carrying out this order');
    give();
  });

  it('stays with an earlier version that has it by its name alone', () => {
    const give = lockOrder(path);
    const name = readFileSync(path, 'latin1');
    give();
    writeFileSync(path, name);
    expect(() => lockOrder(path)).toThrow(`process ${process.pid} is carrying out this order`);
  });

  it('is not given back in the place of another that has it meanwhile', () => {
    const give = lockOrder(path);
    renameSync(path, join(dir, 'moved'));
    const other = lockOrder(path);
    give();
    expect(() => lockOrder(path)).toThrow('is carrying out this order');
    other();
  });
});
