import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collapseRange } from './file-space.js';
import { lockFile } from './file-lock.js';
import { exchangeNames, moveToFreeName } from './name-moves.js';
import { openProcess, signalProcess } from './process-handle.js';

const BLOCK = 4096;
let dir: string;
let folder: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-calls-'));
  folder = openSync(dir, 'r');
});
afterEach(() => {
  closeSync(folder);
  rmSync(dir, { recursive: true });
});
const text = (name: string): string => readFileSync(join(dir, name), 'latin1');

describe('blocks taken out of a file', () => {
  it('moves up what lies behind, also for who appends meanwhile, and says why it cannot', () => {
    writeFileSync(join(dir, 'log'), `${'a'.repeat(BLOCK)}${'b'.repeat(BLOCK)}c`);
    const [fd, writer] = [openSync(join(dir, 'log'), 'r+'), openSync(join(dir, 'log'), 'a')];
    try {
      expect(collapseRange(fd, 0, BLOCK - 1)).toMatch(/^(?:EINVAL|EOPNOTSUPP)$/);
      const refused = collapseRange(fd, 0, BLOCK);
      appendFileSync(writer, 'd');
      // A file system that cannot do it says so and leaves the file alone.
      expect(text('log')).toBe(refused === null ? `${'b'.repeat(BLOCK)}cd` : `${'a'.repeat(BLOCK)}${'b'.repeat(BLOCK)}cd`);
      expect([null, 'EOPNOTSUPP']).toContain(refused);
    } finally {
      closeSync(fd);
      closeSync(writer);
    }
  });
});

describe('names', () => {
  it('are never taken from somebody else, and can be exchanged in one step', () => {
    writeFileSync(join(dir, 'a\xff'), 'utf-8 of that name is another');
    writeFileSync(join(dir, 'one'), '1');
    writeFileSync(join(dir, 'two'), '2');
    expect(moveToFreeName({ folder, name: 'one' }, { folder, name: 'two' })).toBe('EEXIST');
    expect([text('one'), text('two')]).toEqual(['1', '2']);
    expect(exchangeNames({ folder, name: 'one' }, { folder, name: 'two' })).toBeNull();
    expect([text('one'), text('two')]).toEqual(['2', '1']);
    expect(moveToFreeName({ folder, name: 'one' }, { folder, name: 'three' })).toBeNull();
    expect(moveToFreeName({ folder, name: 'one' }, { folder, name: 'four' })).toBe('ENOENT');
    expect(text('three')).toBe('2');
  });
});

describe('locks and processes', () => {
  it('has one holder of a lock at a time, until the descriptor is closed', () => {
    const path = join(dir, 'status');
    writeFileSync(path, '');
    const [first, second] = [openSync(path, 'r'), openSync(path, 'r')];
    expect([lockFile(first), lockFile(second)]).toEqual([true, false]);
    closeSync(first);
    expect(lockFile(second)).toBe(true);
    closeSync(second);
  });

  it('signals the process that was opened, and nobody after it', async () => {
    const child = spawn('/bin/sleep', ['60']);
    const fd = openProcess(child.pid ?? 0);
    try {
      expect(signalProcess(fd, 'SIGUSR1')).toBeNull();
      expect((await once(child, 'exit'))[1]).toBe('SIGUSR1');
      expect(signalProcess(fd, 'SIGHUP')).toBe('ESRCH');
    } finally {
      closeSync(fd);
    }
    expect(() => openProcess(2 ** 22 + 1)).toThrow(/could not be opened/);
  });
});
