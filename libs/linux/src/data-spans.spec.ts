import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { dataSpans } from './data-spans.js';

const PART = 65_536;
let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'mailwarden-spans-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('finds what a file holds and leaves its holes out', () => {
  const fd = openSync(join(dir, 'sparse'), 'w+');
  try {
    ftruncateSync(fd, 1e12);
    writeSync(fd, Buffer.alloc(PART, 1), 0, PART, 0);
    writeSync(fd, Buffer.alloc(PART, 2), 0, PART, 16 * PART);
    const spans = [...dataSpans(fd, 1e12)];
    const holding = (at: number): boolean => spans.some(({ from, to }) => at >= from && at < to);
    expect([0, PART - 1, 16 * PART, 17 * PART - 1].every(holding)).toBe(true);
    expect(spans.reduce((sum, { from, to }) => sum + to - from, 0)).toBeLessThan(1e9);
  } finally {
    closeSync(fd);
  }
});

it('is told by the kernel what is wrong', () => {
  expect(() => [...dataSpans(999_999, 10)]).toThrow(expect.objectContaining({ code: 'EBADF' }));
});
